#include "crypto/sealing.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <openssl/err.h>
#include <sys/stat.h>
#include <unistd.h>

namespace muster::crypto {
namespace {

SecretBytes secret(std::string_view text) {
  return SecretBytes(as_bytes(text));
}

class Sealing : public ::testing::Test {
 protected:
  SequenceRandom random_;
  SecretBytes key_{random_.bytes(Sealer::kKeySize)};
  Sealer sealer_{key_, random_};
};

TEST_F(Sealing, OpensWhatItSealed) {
  for (const std::string_view text : {"", "x", "a key of a device, longer than one block of the cipher"}) {
    const Bytes sealed = sealer_.seal(secret(text), "enrollments/1/primary");
    EXPECT_EQ(sealed.size(), text.size() + 29);
    EXPECT_EQ(sealed.at(0), 1);
    EXPECT_EQ(sealer_.open(sealed, "enrollments/1/primary").value(), secret(text));
  }
}

TEST_F(Sealing, NeverSealsTheSameWayTwice) {
  EXPECT_NE(sealer_.seal(secret("s"), "c"), sealer_.seal(secret("s"), "c"));
}

TEST_F(Sealing, OpensTheKnownVector) {
  // NIST GCM test case 13 for AES-256: zero key, zero nonce, no text, no context.
  const Sealer zero(SecretBytes(Bytes(32, 0)), random_);
  const Bytes sealed = from_hex(
                           "01"
                           "000000000000000000000000"
                           "530f8afbc74536b9a963b4f1c4cb738b")
                           .value();
  EXPECT_TRUE(zero.open(sealed, "").value().empty());
}

TEST_F(Sealing, RefusesAnotherContext) {  // a sealed value copied to another row
  const Bytes sealed = sealer_.seal(secret("text"), "enrollments/1/primary");
  EXPECT_EQ(sealer_.open(sealed, "enrollments/2/primary").error().code, ErrorCode::kInternal);
  EXPECT_FALSE(sealer_.open(sealed, ""));
}

TEST_F(Sealing, RefusesAnotherKey) {
  const Sealer other(SecretBytes(random_.bytes(Sealer::kKeySize)), random_);
  EXPECT_FALSE(other.open(sealer_.seal(secret("text"), "c"), "c"));
}

TEST_F(Sealing, SealersOfOneThreadDoNotMixTheirKeys) {
  const Sealer other(SecretBytes(random_.bytes(Sealer::kKeySize)), random_);
  for (int round = 0; round < 3; ++round) {
    const Bytes ours = sealer_.seal(secret("ours"), "c");
    const Bytes theirs = other.seal(secret("theirs"), "c");
    EXPECT_FALSE(sealer_.open(theirs, "c"));
    EXPECT_EQ(sealer_.open(ours, "c").value(), secret("ours"));
    EXPECT_EQ(other.open(theirs, "c").value(), secret("theirs"));
  }
}

TEST_F(Sealing, RefusesEveryChangedOctet) {
  const Bytes sealed = sealer_.seal(secret("text"), "c");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= 0x01;
    EXPECT_FALSE(sealer_.open(changed, "c")) << "octet " << i;
  }
}

TEST_F(Sealing, RefusesEveryShortenedValue) {
  const Bytes sealed = sealer_.seal(secret("text"), "c");
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(sealer_.open(ByteView(sealed).first(size), "c")) << size << " octets";
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST_F(Sealing, AKeyOfAnotherSizeIsABrokenInvariant) {
  EXPECT_THROW(Sealer(SecretBytes(Bytes(31, 1)), random_), std::invalid_argument);
}

class MasterKeyFile : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(std::size_t octets, mode_t mode) const {
    std::ofstream(path_) << std::string(octets, 'k');
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

  SequenceRandom random_;
  std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / ("muster-key-" + std::to_string(::getpid()) + "-" +
                                                     ::testing::UnitTest::GetInstance()->current_test_info()->name());
  std::filesystem::path path_ = folder_ / "master.key";
};

TEST_F(MasterKeyFile, IsMadeOnceAndReadFromThenOn) {
  const SecretBytes made = load_or_create_master_key(path_, random_).value();
  EXPECT_EQ(made.size(), Sealer::kKeySize);
  EXPECT_EQ(load_or_create_master_key(path_, random_).value(), made);
  EXPECT_EQ(files(), 1U) << "the temporary file must be gone";
}

TEST_F(MasterKeyFile, IsReadableByItsOwnerOnly) {
  ASSERT_TRUE(load_or_create_master_key(path_, random_));
  struct stat facts{};
  ASSERT_EQ(::stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777U, 0600U);
}

TEST_F(MasterKeyFile, IsRefusedWhenOthersMayReadIt) {
  for (const mode_t mode : {0640U, 0604U, 0620U, 0666U}) {
    write(32, mode);
    const auto key = load_or_create_master_key(path_, random_);
    ASSERT_FALSE(key) << std::oct << mode;
    EXPECT_EQ(key.error().code, ErrorCode::kInternal);
    EXPECT_THAT(key.error().message, ::testing::HasSubstr(path_.string()));
  }
}

TEST_F(MasterKeyFile, IsRefusedInAnotherSizeAndNeverReplaced) {
  for (const std::size_t size : {0U, 31U, 33U}) {
    write(size, 0600);
    EXPECT_FALSE(load_or_create_master_key(path_, random_)) << size;
    EXPECT_EQ(std::filesystem::file_size(path_), size);
  }
}

TEST_F(MasterKeyFile, IsRefusedWhenItIsAFolderOrItsFolderIsMissing) {
  EXPECT_FALSE(load_or_create_master_key(folder_, random_));
  EXPECT_FALSE(load_or_create_master_key(folder_ / "missing" / "key", random_));
}

}  // namespace
}  // namespace muster::crypto
