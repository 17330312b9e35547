// bench_credential: how many credentials and activation blobs for TPMs one core makes in a second, next to the bare
// operation with the same key that nobody can do without (bench/README.md).
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "crypto/tpm/activation.h"
#include "crypto/tpm/credential.h"
#include "crypto/tpm/test_tpm.h"

namespace muster::bench {
namespace {

namespace tpm = crypto::tpm;
using crypto::require;
using tpm::testing::NativeContext;
using tpm::testing::NativeKey;

struct Options {
  std::chrono::milliseconds slice{200};
  int rounds = 10;
  bool json = false;
};

/// Calls `work` over and over; how often in a second.
double rate(std::chrono::milliseconds slice, const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  std::chrono::duration<double> took{};
  std::size_t count = 0;
  do {
    for (int i = 0; i < 16; ++i, ++count) work();
    took = std::chrono::steady_clock::now() - begin;
  } while (took < slice);
  return static_cast<double>(count) / took.count();
}

/// One RSA public operation, as `openssl speed rsa2048` times it: the context is made once.
std::function<void()> rsa_public(EVP_PKEY* key) {
  const std::shared_ptr<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr), EVP_PKEY_CTX_free);
  require(EVP_PKEY_encrypt_init(context.get()), "encrypt");
  require(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING), "padding");
  const auto size = static_cast<std::size_t>(EVP_PKEY_get_size(key));
  return [context, in = Bytes(size, 1), out = Bytes(size)]() mutable {
    std::size_t length = out.size();
    require(EVP_PKEY_encrypt(context.get(), out.data(), &length, in.data(), in.size()), "encrypt");
  };
}

/// An ephemeral key and the secret that it shares with `key`.
std::function<void()> ecdh(EVP_PKEY* key) {
  const std::shared_ptr<EVP_PKEY_CTX> making(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr), EVP_PKEY_CTX_free);
  require(EVP_PKEY_keygen_init(making.get()), "key generation");
  return [making, key, out = Bytes(66)]() mutable {
    EVP_PKEY* raw = nullptr;
    require(EVP_PKEY_keygen(making.get(), &raw), "key generation");
    const NativeKey ephemeral(raw);
    const NativeContext deriving(EVP_PKEY_CTX_new_from_pkey(nullptr, raw, nullptr));
    require(EVP_PKEY_derive_init(deriving.get()), "derivation");
    require(EVP_PKEY_derive_set_peer_ex(deriving.get(), key, 0), "peer");
    std::size_t length = out.size();
    require(EVP_PKEY_derive(deriving.get(), out.data(), &length), "derivation");
  };
}

struct Figure {
  std::string name;
  double ours = 0;   ///< in a second
  double bound = 0;  ///< of the bare operation, in the same rounds
  double limit = 0;  ///< the least ratio that the project allows itself; 0: none
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

/// Both in turns, so that a slow moment of the machine meets both.
Figure compare(const Options& options, std::string name, const std::function<void()>& ours,
               const std::function<void()>& bound, double bounds_needed) {
  std::vector<double> our_rates;
  std::vector<double> bound_rates;
  for (int i = 0; i < options.rounds; ++i) {
    our_rates.push_back(rate(options.slice, ours));
    bound_rates.push_back(rate(options.slice, bound) / bounds_needed);
  }
  return {std::move(name), median(our_rates), median(bound_rates), bounds_needed > 1 ? 0 : 0.7};
}

void print(const Options& options, const Figure& figure) {
  const double ratio = figure.ours / figure.bound;
  if (options.json) {
    boost::json::object line{
        {"name", figure.name}, {"muster", figure.ours}, {"reference", figure.bound}, {"ratio", ratio}, {"unit", "1/s"}};
    if (figure.limit > 0) line["limit"] = figure.limit;
    fmt::print("{}\n", boost::json::serialize(line));
    return;
  }
  fmt::print("{:<38}{:>10.0f}/s{:>12.0f}/s{:>8.2f}\n", figure.name, figure.ours, figure.bound, ratio);
}

void run(const Options& options) {
  SystemRandom random;
  const SecretBytes secret(random.bytes(16));
  const SecretBytes key(random.bytes(tpm::kDeliveredKeySize));
  if (!options.json) fmt::print("{:<38}{:>12}{:>14}{:>8}\n", "", "muster", "bare", "ratio");
  for (const auto& [ek_template, srk_template] :
       {std::pair{"TCG L-1", "TCG SRK RSA"}, std::pair{"TCG L-2", "TCG SRK ECC"}}) {
    const tpm::testing::SoftTpm device(ek_template, srk_template);
    const auto ek = tpm::ParentKey::parse(device.ek.octets, tpm::KeyRole::kEndorsement).value();
    const auto srk = tpm::ParentKey::parse(device.srk.octets, tpm::KeyRole::kStorageRoot).value();
    const bool rsa = device.ek.made_by->type == tpm::kRsa;
    const auto bare = rsa ? rsa_public(device.ek.key.get()) : ecdh(device.ek.key.get());
    const std::string kind = key_name(ek.area());
    print(options, compare(
                       options, "make-credential " + kind,
                       [&] { std::ignore = make_credential(ek, srk.name(), secret, random); }, bare, 1));
    // What a register call costs: keys read from their structures, two secrets.
    print(options, compare(
                       options, "activation blob " + kind,
                       [&] {
                         const auto a = tpm::ParentKey::parse(device.ek.octets, tpm::KeyRole::kEndorsement).value();
                         const auto b = tpm::ParentKey::parse(device.srk.octets, tpm::KeyRole::kStorageRoot).value();
                         std::ignore = make_activation(a, b, key, "0ne00000001/registrations/device", random);
                       },
                       bare, 2));
  }
}

}  // namespace
}  // namespace muster::bench

int main(int count, char** arguments) {
  muster::bench::Options options;
  CLI::App app("Credentials for TPMs on one core, next to the bare operation.");
  bool quick = false;
  app.add_flag("--json", options.json, "one JSON object per line");
  app.add_flag("--quick", quick, "shows that it works, measures nothing");
  CLI11_PARSE(app, count, arguments);
  if (quick) options = {.slice = std::chrono::milliseconds(5), .rounds = 1, .json = options.json};
  muster::bench::run(options);
  return 0;
}
