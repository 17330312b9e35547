#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "crypto/tpm/key_input.h"
#include "crypto/tpm/test_keys.h"
#include "muster/fake_program.h"

namespace muster::cli {
namespace {

using crypto::tpm::testing::kEndorsementKey;
using crypto::tpm::testing::kStorageRootKey;
using testing::AllOf;
using testing::HasSubstr;

class TpmInspect : public testing::Test {
 protected:
  Ran inspect(std::string_view content, const std::string& options = "") {
    const auto file = folder_.path() / "key";
    std::ofstream(file, std::ios::binary) << content;
    return run_line("tpm inspect " + file.string() + options);
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(TpmInspect, TellsWhatAKeyIs) {
  const Ran ran = inspect(kEndorsementKey);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("ECC P-256"), HasSubstr("TCG L-2"), HasSubstr("Usable            yes"),
                             HasSubstr("PolicySecret(endorsement)")));
}

TEST_F(TpmInspect, BinaryAndJsonToo) {
  const Bytes octets = from_base64(kEndorsementKey).value();
  const Ran ran = inspect(as_text(octets), " --output json");
  EXPECT_EQ(ran.code, 0) << ran.err;
  const auto key = boost::json::parse(ran.out).get_object();
  EXPECT_TRUE(key.at("usable").get_bool());
  EXPECT_EQ(key.at("endorsementKey"), boost::json::string(kEndorsementKey));
  EXPECT_EQ(key.at("registrationId").get_string().size(), 52U);
}

TEST_F(TpmInspect, WhatWillNotWorkFailsAndSaysWhy) {
  Bytes octets = from_base64(kEndorsementKey).value();
  octets[9] = 0xb0;  // without fixedTPM
  const Ran ran = inspect(to_base64(octets));
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("fixedTPM is clear"), HasSubstr("Nearest template"),
                             HasSubstr("attributes missing: fixedTPM")));
  const Ran none = inspect("AToAAQ==");
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("truncated"));
}

TEST_F(TpmInspect, JudgesStorageRootKeysWhenTold) {
  const Ran ran = inspect(kStorageRootKey, " --storage-root-key");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("TCG SRK ECC"));
}

}  // namespace
}  // namespace muster::cli
