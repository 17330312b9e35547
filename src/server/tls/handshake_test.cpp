#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/net/test_server.h"

namespace muster::server::test {
namespace {

class Handshake : public ServerFixture {
 protected:
  void start_with_both() {
    ServerOptions both = options();
    both.identities.push_back(rsa_server().identity());
    start(both);
  }
  /// The name in the certificate that the server chose for such a client; empty when the handshake failed.
  std::string server_name(const TlsClientOptions& client_options) {
    TlsClient client(port(), client_options);
    if (!client.handshake()) return "";
    return crypto::Certificate::share(SSL_get0_peer_certificate(client.native())).common_name();
  }
  /// The certificates that reached the handler with a request of such a client.
  std::optional<ClientCertificates> presented(const Credential& credential, int version) {
    TlsClient client(port(), {.version = version, .credential = &credential});
    if (!client.handshake() || client.ask(kGet).status() != 200) return std::nullopt;
    return handler_.seen().back().client;
  }
};

class HandshakeVersions : public Handshake, public ::testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(Versions, HandshakeVersions, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& suite) { return suite.param == TLS1_2_VERSION ? "Tls12" : "Tls13"; });

TEST_P(HandshakeVersions, ChoosesTheIdentityByTheClientsAlgorithms) {
  start_with_both();
  EXPECT_EQ(server_name({.version = GetParam()}), "ecdsa.example");
  EXPECT_EQ(server_name({.version = GetParam(), .signature_algorithms = "RSA+SHA256:rsa_pss_rsae_sha256"}),
            "rsa.example");
  EXPECT_EQ(server_name({.version = GetParam(), .signature_algorithms = "ECDSA+SHA256"}), "ecdsa.example");
}

TEST_P(HandshakeVersions, ServesClientsWithoutCertificate) {
  // device-api.md 2.2: SAS and TPM devices present none
  start();
  TlsClient client(port(), {.version = GetParam()});
  ASSERT_TRUE(client.handshake());
  EXPECT_EQ(client.ask(kGet).status(), 200);
  EXPECT_FALSE(handler_.seen().back().client.has_value());
}

TEST_P(HandshakeVersions, HandsOnAnyCertificateUnjudged) {
  start();
  const Validity past{kNow - std::chrono::days(3650), kNow - std::chrono::days(3000)};
  const auto client_use = crypto::CertificateUse::kClient;
  const Credential own = self_signed("self-signed", client_use, must(crypto::PrivateKey::generate_p256()));
  const Credential expired = self_signed("expired", client_use, must(crypto::PrivateKey::generate_p256()), past);
  for (const Credential* candidate : {&own, &expired, &rsa_server()}) {
    const auto client = presented(*candidate, GetParam());
    ASSERT_TRUE(client.has_value()) << candidate->chain.front().common_name();
    EXPECT_EQ(client->leaf, candidate->chain.front());
    EXPECT_TRUE(client->chain.empty());
  }
}

TEST_P(HandshakeVersions, HandsOnTheChainWithoutTheLeaf) {
  start();
  const auto ca_key = [] { return must(crypto::PrivateKey::generate_p256()); };
  const Credential root = self_signed("root", crypto::CertificateUse::kRootCa, ca_key());
  const Credential intermediate = issued("intermediate", crypto::CertificateUse::kIntermediateCa, root);
  const Credential device = issued("device", crypto::CertificateUse::kClient, intermediate);
  const auto client = presented(device, GetParam());
  ASSERT_TRUE(client.has_value());
  EXPECT_EQ(client->leaf.common_name(), "device");
  EXPECT_THAT(client->chain, ::testing::ElementsAre(intermediate.chain.front(), root.chain.front()));
}

TEST_P(HandshakeVersions, AsksForACertificateWithoutNamingAuthorities) {
  start();
  TlsClient client(port(), {.version = GetParam()});
  ASSERT_TRUE(client.handshake());
  const auto* names = SSL_get0_peer_CA_list(client.native());
  EXPECT_EQ(names == nullptr ? 0 : sk_X509_NAME_num(names), 0);
  const unsigned char* kinds = nullptr;
  if (GetParam() == TLS1_2_VERSION) EXPECT_GT(SSL_get0_certificate_types(client.native(), &kinds), 0U);
}

TEST_P(HandshakeVersions, NeverResumes) {
  // device-api.md 2.2: a resumed session would have no certificate chain
  start();
  TlsClient first(port(), {.version = GetParam()});
  ASSERT_TRUE(first.handshake());
  ASSERT_EQ(first.ask(kGet).status(), 200);
  SSL_SESSION* session = SSL_get1_session(first.native());
  EXPECT_EQ(SSL_SESSION_has_ticket(session), 0);
  TlsClient second(port(), {.version = GetParam(), .resume = session});
  EXPECT_TRUE(second.handshake());
  EXPECT_EQ(SSL_session_reused(second.native()), 0);
  SSL_SESSION_free(session);
}

TEST_P(HandshakeVersions, OffersHttp11Only) {
  start();
  TlsClient both(port(), {.version = GetParam(), .protocols = "\x02h2\x08http/1.1"});
  ASSERT_TRUE(both.handshake());
  const unsigned char* chosen = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(both.native(), &chosen, &size);
  EXPECT_EQ(as_text(ByteView(chosen, size)), "http/1.1");
  TlsClient h2(port(), {.version = GetParam(), .protocols = "\x02h2"});
  EXPECT_FALSE(h2.handshake());  // RFC 7301 section 3.2
}

TEST_F(Handshake, RefusesOldProtocolVersions) {
  start();
  EXPECT_EQ(server_name({.version = TLS1_1_VERSION}), "");
  EXPECT_TRUE(eventually([this] { return counters().handshakes_failed == 1; }));
}

TEST_F(Handshake, HonoursTheClientsFragmentLength) {
  // device-api.md 2.1: embedded TLS stacks have buffers of a few kilobytes
  handler_.answer = [](HttpRequest) -> Task<HttpResponse> { co_return HttpResponse{200, {}, std::string(9000, 'x')}; };
  start();
  TlsClient client(port(), {.version = TLS1_2_VERSION, .max_fragment = TLSEXT_max_fragment_length_512});
  ASSERT_TRUE(client.handshake());
  EXPECT_EQ(client.ask(kGet).body.size(), 9000U);
  constexpr std::size_t kRecordOverhead = 24;
  EXPECT_LE(client.largest_record(), 512 + kRecordOverhead);
}

TEST_F(Handshake, UsesReplacedIdentitiesForNewConnectionsOnly) {
  start();
  TlsClient before(port());
  ASSERT_TRUE(before.handshake());
  ASSERT_TRUE(server_->replace_identities({rsa_server().identity()}));
  EXPECT_EQ(server_name({}), "rsa.example");
  EXPECT_EQ(before.ask(kGet).status(), 200);
  EXPECT_FALSE(server_->replace_identities({{"broken", SecretBytes()}}));
  EXPECT_EQ(server_name({}), "rsa.example");
}

TEST_F(Handshake, AnswersNothingToPlainHttp) {
  start();
  RawClient client(port());
  ASSERT_TRUE(client.send(kGet));
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_TRUE(eventually([this] { return counters().handshakes_failed == 1; }));
}

TEST_F(Handshake, SurvivesGarbage) {
  start();
  const std::string garbage[] = {std::string(100, '\0'), std::string(5000, '\xff'),
                                 "\x16\x03\x01\xff\xff" + std::string(300, 'x'),
                                 std::string({0x16, 3, 1, 0, 4, 1, 0, 0, 0}), std::string({'\x80', 0x2e, 1, 0, 2})};
  for (const std::string& octets : garbage) {
    RawClient client(port());
    client.send(octets);
    client.end_sending();
    client.read_to_end();
  }
  EXPECT_TRUE(eventually([this] { return counters().handshakes_failed == 5; }));
  EXPECT_EQ(fresh_request().status(), 200);
}

TEST_F(Handshake, CutsHalfOpenConnections) {
  ServerOptions quick = options();
  quick.timeouts.handshake = std::chrono::milliseconds(20);
  start(quick);
  RawClient silent(port());
  EXPECT_EQ(silent.read_to_end(), "");
  EXPECT_TRUE(eventually([this] { return counters().handshakes_failed == 1; }));
  EXPECT_TRUE(all_closed());
}

}  // namespace
}  // namespace muster::server::test
