#pragma once

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "server/backup/backup.h"

namespace muster::server {

/// The master key as it goes into a backup, by `header.key`; with a passphrase, `header.salt` is made.
Result<SecretBytes> protect_key(const SecretBytes& master_key, const SecretBytes& passphrase, Random& random,
                                BackupHeader& header);

/// The master key of a backup out of what it holds and what the operator gave. Errors as for restore_backup.
Result<SecretBytes> recover_key(const BackupFile& backup, const RestoreOptions& options, Random& random);

}  // namespace muster::server
