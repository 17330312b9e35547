#include "crypto/path_validation.h"

#include <gmock/gmock.h>
#include <openssl/err.h>

#include "crypto/test_certificates.h"

namespace muster::crypto {
namespace {

using namespace std::chrono_literals;
using testing::ca_request;
using testing::day;
using testing::faults_of;
using ::testing::HasSubstr;
using testing::kNow;
using testing::leaf_request;
using testing::make_party;
using testing::names_of;
using testing::Party;
using testing::plain_ca_request;
using testing::TestRequest;

using Certificates = std::vector<Certificate>;

/// Root -> Line CA -> dev, each changed as a test needs before it is signed.
struct Chain {
  Party root;
  Party line;
  Certificate leaf;
};

struct ChainRequest {
  TestRequest root = ca_request("Root");
  TestRequest line = ca_request("Line CA");
  TestRequest leaf = leaf_request("dev");
};

Chain make_chain(const ChainRequest& request = {}, const PrivateKey& leaf_key = testing::p256()) {
  Party root = make_party(request.root);
  Party line = make_party(request.line, &root);
  Certificate leaf = testing::sign(request.leaf, leaf_key, &line);
  return {std::move(root), std::move(line), std::move(leaf)};
}

PathReport validate(const Chain& chain, const PathRestrictions& restrictions = {}) {
  return validate_path(chain.leaf, Certificates{chain.line.certificate}, {}, Certificates{chain.root.certificate}, kNow,
                       restrictions);
}

TEST(PathValidation, AcceptsLeafAndIntermediateBelowAVerifiedRoot) {
  const PathReport report = validate(make_chain());
  EXPECT_TRUE(report.valid()) << report.summary();
  EXPECT_EQ(names_of(report), "dev/Line CA/Root");
  EXPECT_EQ(report.summary(), "");
  ASSERT_EQ(report.elements.size(), 3U);
  EXPECT_TRUE(report.elements[0].from_peer && report.elements[1].from_peer);
  EXPECT_FALSE(report.elements[2].from_peer);
  EXPECT_TRUE(report.elements[2].anchor);
  EXPECT_FALSE(report.elements[1].anchor);
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(PathValidation, AcceptsAnIntermediateAsTheVerifiedCertificate) {
  const Chain chain = make_chain();
  const PathReport report = validate_path(chain.leaf, {}, {}, Certificates{chain.line.certificate}, kNow, {});
  EXPECT_TRUE(report.valid()) << report.summary();
  EXPECT_EQ(names_of(report), "dev/Line CA");
}

TEST(PathValidation, CompletesThePathFromKnownCertificates) {
  const Chain chain = make_chain();
  const PathReport report = validate_path(chain.leaf, {}, Certificates{chain.line.certificate},
                                          Certificates{chain.root.certificate}, kNow, {});
  EXPECT_TRUE(report.valid()) << report.summary();
  EXPECT_FALSE(report.elements.at(1).from_peer);
}

TEST(PathValidation, ARootAmongThePresentedDoesNoHarm) {
  const Chain chain = make_chain();
  const PathReport report = validate_path(chain.leaf, Certificates{chain.root.certificate, chain.line.certificate}, {},
                                          Certificates{chain.root.certificate}, kNow, {});
  EXPECT_TRUE(report.valid()) << report.summary();
  EXPECT_TRUE(report.elements.back().from_peer);
}

TEST(PathValidation, ARootAmongThePresentedIsNotTrusted) {
  const Chain chain = make_chain();
  const Chain other = make_chain({.root = ca_request("Other root")});
  const PathReport report = validate_path(chain.leaf, Certificates{chain.root.certificate, chain.line.certificate}, {},
                                          Certificates{other.root.certificate}, kNow, {});
  EXPECT_EQ(faults_of(report), "2:issuer-not-found");
  EXPECT_THAT(report.summary(), HasSubstr("CN=Root is self-signed"));
}

TEST(PathValidation, NamesTheIssuerThatIsMissing) {
  const Chain chain = make_chain();
  const PathReport report = validate_path(chain.leaf, {}, {}, Certificates{chain.root.certificate}, kNow, {});
  EXPECT_EQ(faults_of(report), "0:issuer-not-found");
  EXPECT_EQ(report.elements.at(0).faults.at(0).detail, "the issuer CN=Line CA was not sent and is not known");
  EXPECT_EQ(report.summary(), "CN=dev : issuer-not-found (the issuer CN=Line CA was not sent and is not known)");
}

TEST(PathValidation, ShowsHowFarThePathWentAndWhatElseIsWrong) {
  ChainRequest request;
  request.leaf.not_after = day(10);
  const Chain chain = make_chain(request);
  const PathReport report = validate_path(chain.leaf, Certificates{chain.line.certificate}, {}, {}, kNow, {});
  EXPECT_EQ(names_of(report), "dev/Line CA");
  EXPECT_EQ(faults_of(report), "0:expired 1:issuer-not-found");
}

TEST(PathValidation, RefusesASelfSignedLeafThatIsNoAnchor) {
  const Party leaf = make_party(leaf_request("dev"));
  EXPECT_EQ(faults_of(validate_path(leaf.certificate, {}, {}, {}, kNow, {})), "0:issuer-not-found");
  EXPECT_TRUE(validate_path(leaf.certificate, {}, {}, Certificates{leaf.certificate}, kNow, {}).valid());
}

TEST(PathValidation, TellsAForeignCaOfTheSameNameApart) {
  struct Case {
    std::string_view what;
    TestRequest root;
    std::string_view faults;
  };
  // With key identifiers the names do not even fit; without, the signature decides.
  const Case cases[] = {{"with key identifiers", ca_request("Root"), "0:issuer-not-found"},
                        {"without", plain_ca_request("Root"), "0:bad-signature"}};
  for (const Case& c : cases) {
    const Party ours = make_party(c.root);
    const Party foreign = make_party(c.root);
    TestRequest request = leaf_request("dev");
    request.extensions.emplace_back(NID_authority_key_identifier, "keyid");
    const Party leaf = make_party(request, &foreign);
    EXPECT_EQ(faults_of(validate_path(leaf.certificate, {}, {}, Certificates{ours.certificate}, kNow, {})), c.faults)
        << c.what;
    const PathReport sent = validate_path(leaf.certificate, Certificates{foreign.certificate}, {},
                                          Certificates{ours.certificate}, kNow, {});
    EXPECT_EQ(faults_of(sent), "1:issuer-not-found") << c.what;
  }
}

TEST(PathValidation, TellsAForeignIntermediateOfTheSameNameApart) {
  const Chain ours = make_chain({.root = plain_ca_request("Root"), .line = plain_ca_request("Line CA")});
  const Chain foreign = make_chain({.root = plain_ca_request("Root"), .line = plain_ca_request("Line CA")});
  const Certificates anchors{ours.root.certificate};
  EXPECT_EQ(faults_of(validate_path(foreign.leaf, Certificates{foreign.line.certificate}, {}, anchors, kNow, {})),
            "1:bad-signature");
  EXPECT_EQ(faults_of(validate_path(foreign.leaf, Certificates{ours.line.certificate}, {}, anchors, kNow, {})),
            "0:bad-signature");
}

TEST(PathValidation, FindsThePathAmongRolledCasOfOneName) {
  const TestRequest request = plain_ca_request("Root");  // the hard case: no key identifiers to choose by
  std::vector<Party> roots;
  Certificates anchors;
  for (int i = 0; i < 3; ++i) {
    roots.push_back(make_party(request));
    anchors.push_back(roots.back().certificate);
  }
  for (const Party& root : roots) {
    const PathReport report =
        validate_path(make_party(leaf_request("dev"), &root).certificate, {}, {}, anchors, kNow, {});
    EXPECT_TRUE(report.valid()) << report.summary();
    EXPECT_EQ(report.elements.back().certificate, root.certificate);
  }
  const Party foreign = make_party(request);
  const PathReport report =
      validate_path(make_party(leaf_request("dev"), &foreign).certificate, {}, {}, anchors, kNow, {});
  EXPECT_THAT(report.summary(), HasSubstr("3 certificates of that name have another key"));
}

TEST(PathValidation, PrefersTheRenewedCertificateOfACaToTheExpiredOne) {
  const Party old = make_party([] {
    TestRequest request = ca_request("Root");
    request.not_after = day(50);
    return request;
  }());
  const Certificate renewed = testing::sign(ca_request("Root"), old.key, nullptr);
  const Certificate leaf = make_party(leaf_request("dev"), &old).certificate;
  for (const Certificates& anchors : {Certificates{old.certificate, renewed}, Certificates{renewed, old.certificate}}) {
    const PathReport report = validate_path(leaf, {}, {}, anchors, kNow, {});
    EXPECT_TRUE(report.valid()) << report.summary();
    EXPECT_EQ(report.elements.back().certificate, renewed);
  }
  EXPECT_EQ(faults_of(validate_path(leaf, {}, {}, Certificates{old.certificate}, kNow, {})), "1:expired");
}

TEST(PathValidation, GoesBackFromACrossCertificateThatLeadsNowhere) {
  const Party ours = make_party(ca_request("Our root"));
  const Party theirs = make_party(ca_request("Their root"));
  const PrivateKey line_key = testing::p256();
  const Certificate by_ours = testing::sign(ca_request("Line CA"), line_key, &ours);
  const Certificate by_theirs = testing::sign(ca_request("Line CA"), line_key, &theirs);
  const Party signer{PrivateKey::from_pem(line_key.to_pem().value()).value(), by_ours};
  const Certificate leaf = make_party(leaf_request("dev"), &signer).certificate;
  for (const Certificates& sent : {Certificates{by_theirs, by_ours}, Certificates{by_ours, by_theirs},
                                   Certificates{by_theirs, theirs.certificate, by_ours}}) {
    const PathReport report = validate_path(leaf, sent, {}, Certificates{ours.certificate}, kNow, {});
    EXPECT_TRUE(report.valid()) << report.summary();
    EXPECT_EQ(names_of(report), "dev/Line CA/Our root");
  }
}

TEST(PathValidation, FollowsANewKeyThatTheOldOneVouchesFor) {  // RFC 4210 section 4.4: "new with old"
  const Party old = make_party(ca_request("Root"));
  const Party fresh = make_party(ca_request("Root"), &old);
  const Certificate leaf = make_party(leaf_request("dev"), &fresh).certificate;
  const PathReport report =
      validate_path(leaf, Certificates{fresh.certificate}, {}, Certificates{old.certificate}, kNow, {});
  EXPECT_TRUE(report.valid()) << report.summary();
  EXPECT_EQ(report.elements.size(), 3U);
}

struct PeriodCase {
  std::string_view what;
  ExpiryRule rule;
  std::string_view faults;
};

TEST(PathValidation, JudgesThePeriodOfEveryCertificateByTheRule) {
  ChainRequest request;
  request.root.not_after = day(90);
  request.line.not_before = day(110);
  request.leaf.not_after = day(80);
  const Chain chain = make_chain(request);
  const PeriodCase cases[] = {{"strict", ExpiryRule::kStrict, "0:expired 1:not-yet-valid 2:expired"},
                              {"leaf only", ExpiryRule::kLeafOnly, "0:expired"},
                              {"off", ExpiryRule::kOff, ""}};
  for (const PeriodCase& c : cases) {
    EXPECT_EQ(faults_of(validate(chain, {.expiry = c.rule})), c.faults) << c.what;
  }
}

TEST(PathValidation, AllowsForTheClockTolerance) {
  struct Case {
    TimePoint now;
    std::string_view faults;
  };
  const Chain chain = make_chain();
  const Case cases[] = {{day(365) + 5min, ""},
                        {day(365) + 5min + 1s, "0:expired 1:expired 2:expired"},
                        {day(0) - 5min, ""},
                        {day(0) - 5min - 1s, "0:not-yet-valid 1:not-yet-valid 2:not-yet-valid"}};
  for (const Case& c : cases) {
    EXPECT_EQ(faults_of(validate_path(chain.leaf, Certificates{chain.line.certificate}, {},
                                      Certificates{chain.root.certificate}, c.now, {})),
              c.faults)
        << format_time(c.now);
  }
}

TEST(PathValidation, GivesTheDatesInTheDetail) {
  ChainRequest request;
  request.leaf.not_after = day(10);
  EXPECT_THAT(validate(make_chain(request)).summary(),
              HasSubstr("CN=dev : expired (valid until 2026-01-11T00:00:00Z, it is 2026-04-11T00:00:00Z)"));
}

using Change = void (*)(ChainRequest&);

struct RuleCase {
  std::string_view what;
  Change change;
  std::string_view faults;
};

void set_extension(TestRequest& request, int nid, const char* value) {
  std::erase_if(request.extensions, [&](const auto& extension) { return extension.first == nid; });
  if (value != nullptr) request.extensions.emplace_back(nid, value);
}

// and RFC 5280 section 6.1, one departure from a good chain at a time.
const RuleCase kRules[] = {
    {"nothing", [](ChainRequest&) {}, ""},
    {"no key identifiers, no key usage", [](ChainRequest& c) { c.line = plain_ca_request("Line CA"); }, ""},
    {"a leaf without any extension", [](ChainRequest& c) { c.leaf.extensions.clear(); }, ""},
    {"a leaf of version 1",
     [](ChainRequest& c) {
       c.leaf.extensions.clear();
       c.leaf.version = 1;
     },
     ""},
    {"version 1 with extensions", [](ChainRequest& c) { c.leaf.version = 1; }, "0:unsupported-version"},
    {"version 4", [](ChainRequest& c) { c.leaf.version = 4; }, "0:unsupported-version"},
    {"an intermediate without basic constraints",
     [](ChainRequest& c) { set_extension(c.line, NID_basic_constraints, nullptr); }, "1:not-a-ca"},
    {"an intermediate that is no CA",
     [](ChainRequest& c) { set_extension(c.line, NID_basic_constraints, "critical,CA:FALSE"); }, "1:not-a-ca"},
    {"a root without basic constraints", [](ChainRequest& c) { set_extension(c.root, NID_basic_constraints, nullptr); },
     "2:not-a-ca"},
    {"an intermediate of version 1",
     [](ChainRequest& c) {
       c.line.extensions.clear();
       c.line.version = 1;
     },
     "1:not-a-ca"},
    {"a root of version 1",
     [](ChainRequest& c) {
       c.root.extensions.clear();
       c.root.version = 1;
     },
     "2:not-a-ca"},
    {"an intermediate that may not sign certificates",
     [](ChainRequest& c) { set_extension(c.line, NID_key_usage, "critical,digitalSignature"); }, "1:key-usage"},
    {"a root that may not sign certificates",
     [](ChainRequest& c) { set_extension(c.root, NID_key_usage, "critical,cRLSign"); }, "2:key-usage"},
    {"a leaf that may not sign", [](ChainRequest& c) { set_extension(c.leaf, NID_key_usage, "keyEncipherment"); },
     "0:key-usage"},
    {"a leaf for servers only", [](ChainRequest& c) { set_extension(c.leaf, NID_ext_key_usage, "serverAuth"); },
     "0:extended-key-usage"},
    {"a leaf for any use", [](ChainRequest& c) { set_extension(c.leaf, NID_ext_key_usage, "anyExtendedKeyUsage"); },
     ""},
    {"a leaf for servers and clients",
     [](ChainRequest& c) { set_extension(c.leaf, NID_ext_key_usage, "serverAuth,clientAuth"); }, ""},
    {"an intermediate for servers only",
     [](ChainRequest& c) { set_extension(c.line, NID_ext_key_usage, "serverAuth"); }, "1:extended-key-usage"},
    {"path length 0 at the intermediate",
     [](ChainRequest& c) { set_extension(c.line, NID_basic_constraints, "critical,CA:TRUE,pathlen:0"); }, ""},
    {"path length 0 at the root",
     [](ChainRequest& c) { set_extension(c.root, NID_basic_constraints, "critical,CA:TRUE,pathlen:0"); },
     "2:path-length-exceeded"},
    {"an unknown critical extension in the leaf",
     [](ChainRequest& c) { c.leaf.unknown_critical_extension = "1.2.3.4"; }, "0:unknown-critical-extension"},
    {"an unknown critical extension in the intermediate",
     [](ChainRequest& c) { c.line.unknown_critical_extension = "1.2.3.4"; }, "1:unknown-critical-extension"},
    {"an unknown critical extension in the root",
     [](ChainRequest& c) { c.root.unknown_critical_extension = "1.2.3.4"; }, "2:unknown-critical-extension"},
    {"a name that is permitted",
     [](ChainRequest& c) {
       set_extension(c.line, NID_name_constraints, "critical,permitted;DNS:example.net");
       set_extension(c.leaf, NID_subject_alt_name, "DNS:dev.example.net");
     },
     ""},
    {"a name that is not permitted",
     [](ChainRequest& c) {
       set_extension(c.line, NID_name_constraints, "critical,permitted;DNS:example.net");
       set_extension(c.leaf, NID_subject_alt_name, "DNS:dev.example.org");
     },
     "0:name-constraint"},
    {"a name that is excluded by the root",
     [](ChainRequest& c) {
       set_extension(c.root, NID_name_constraints, "critical,excluded;DNS:example.net");
       set_extension(c.leaf, NID_subject_alt_name, "DNS:dev.example.net");
     },
     "0:name-constraint"},
    {"a device id with dots under DNS constraints",
     [](ChainRequest& c) {
       set_extension(c.line, NID_name_constraints, "critical,permitted;DNS:example.net");
       c.leaf.common_names = {"pump.7.line.2"};
     },
     ""},
    {"a leaf signed with SHA-1", [](ChainRequest& c) { c.leaf.digest = "SHA1"; }, "0:weak-signature"},
    {"an intermediate signed with SHA-1", [](ChainRequest& c) { c.line.digest = "SHA1"; }, "1:weak-signature"},
    {"a root signed with SHA-1, which nobody relies on", [](ChainRequest& c) { c.root.digest = "SHA1"; }, ""},
    {"several faults at once",
     [](ChainRequest& c) {
       c.leaf.digest = "SHA1";
       set_extension(c.leaf, NID_ext_key_usage, "serverAuth");
       set_extension(c.line, NID_basic_constraints, nullptr);
       c.root.not_after = day(1);
     },
     "0:extended-key-usage 0:weak-signature 1:not-a-ca 2:expired"},
};

TEST(PathValidation, FindsEveryDepartureFromTheRules) {
  for (const RuleCase& c : kRules) {
    ChainRequest request;
    c.change(request);
    const PathReport report = validate(make_chain(request));
    EXPECT_EQ(faults_of(report), c.faults) << c.what << ": " << report.summary();
    EXPECT_EQ(report.valid(), c.faults.empty()) << c.what;
    EXPECT_EQ(ERR_peek_error(), 0U) << c.what;
  }
}

struct KeyCase {
  std::string_view what;
  PrivateKey key;
  std::string_view faults;
  std::string_view detail;
};

TEST(PathValidation, KnowsWhichKeysAreAcceptable) {
  const KeyCase cases[] = {
      {"P-256", testing::p256(), "", ""},
      {"P-384", testing::on_curve("P-384"), "", ""},
      {"P-521", testing::on_curve("P-521"), "", ""},
      {"RSA 2048", PrivateKey::generate_rsa(2048).value(), "", ""},
      {"RSA 1024", PrivateKey::generate_rsa(1024).value(), "0:weak-key", "RSA key of 1024 bits, at least 2048 needed"},
      {"Ed25519", testing::ed25519(), "0:unsupported-key", "Ed25519"},
      {"secp256k1", testing::on_curve("secp256k1"), "0:unsupported-key", "secp256k1"},
      {"P-224", testing::on_curve("P-224"), "0:unsupported-key", "secp224r1"},
      {"P-256 spelled out", testing::explicit_p256(), "0:unsupported-key", "not given by name"},
  };
  for (const KeyCase& c : cases) {
    const PathReport report = validate(make_chain({}, c.key));
    EXPECT_EQ(faults_of(report), c.faults) << c.what;
    EXPECT_THAT(report.summary(), HasSubstr(std::string(c.detail))) << c.what;
  }
}

TEST(PathValidation, AcceptsEd25519WhenItIsAllowed) {
  PrivateKey key = testing::ed25519();
  const Certificate root = testing::sign(ca_request("Ed root"), key, nullptr);
  const Party signer{std::move(key), root};
  const Certificate leaf = testing::sign(leaf_request("dev"), testing::ed25519(), &signer);
  const Certificates anchors{signer.certificate};
  EXPECT_TRUE(validate_path(leaf, {}, {}, anchors, kNow, {.allow_ed25519 = true}).valid());
  EXPECT_EQ(faults_of(validate_path(leaf, {}, {}, anchors, kNow, {})), "0:unsupported-key 1:unsupported-key");
}

TEST(PathValidation, RefusesAWeakKeyOfAnAnchor) {
  const PrivateKey key = PrivateKey::generate_rsa(1024).value();
  const Party root{PrivateKey::from_pem(key.to_pem().value()).value(),
                   testing::sign(ca_request("Weak root"), key, nullptr)};
  const Certificate leaf = make_party(leaf_request("dev"), &root).certificate;
  EXPECT_EQ(faults_of(validate_path(leaf, {}, {}, Certificates{root.certificate}, kNow, {})), "1:weak-key");
}

/// Root, CA 1, ... CA n, dev.
std::vector<Party> long_chain(int intermediates) {
  std::vector<Party> parties;
  parties.push_back(make_party(ca_request("Root")));
  for (int i = 1; i <= intermediates; ++i) {
    parties.push_back(make_party(ca_request("CA " + std::to_string(i)), &parties.back()));
  }
  parties.push_back(make_party(leaf_request("dev"), &parties.back()));
  return parties;
}

TEST(PathValidation, AcceptsEightCertificatesAndRefusesNine) {
  for (const auto& [intermediates, faults] : {std::pair(6, ""), std::pair(7, "7:too-deep")}) {
    const std::vector<Party> parties = long_chain(intermediates);
    Certificates known;
    for (std::size_t i = 1; i + 1 < parties.size(); ++i) known.push_back(parties[i].certificate);
    const PathReport report =
        validate_path(parties.back().certificate, {}, known, Certificates{parties.front().certificate}, kNow, {});
    EXPECT_EQ(faults_of(report), faults) << report.summary();
  }
}

TEST(PathValidation, RefusesMoreThanTheLimitsFromThePeer) {
  const Chain chain = make_chain();
  const Certificates anchors{chain.root.certificate};
  const Certificates many(8, chain.line.certificate);
  EXPECT_EQ(faults_of(validate_path(chain.leaf, many, {}, anchors, kNow, {})), "0:too-deep");
  EXPECT_TRUE(validate_path(chain.leaf, std::span(many).first(7), {}, anchors, kNow, {}).valid());
  const PathReport report = validate(chain, {.max_octets = chain.leaf.der().size()});
  EXPECT_EQ(faults_of(report), "0:too-large");
}

TEST(PathValidation, SurvivesCasThatSignEachOtherInEveryWay) {
  // Seven certificates of one name and key that all verify each other: thousands of ways, none of which ends.
  const PrivateKey key = testing::p256();
  const Party first{PrivateKey::from_pem(key.to_pem().value()).value(),
                    testing::sign(plain_ca_request("Loop"), key, nullptr)};
  const Party outer = make_party(ca_request("Outer"));
  Certificates sent;
  const Party renamed{PrivateKey::from_pem(key.to_pem().value()).value(),
                      testing::sign(plain_ca_request("Loop"), key, &outer)};
  for (int i = 0; i < 7; ++i) {
    TestRequest request = plain_ca_request("Loop");
    request.extensions.emplace_back(NID_subject_key_identifier, "01");
    request.extensions.emplace_back(NID_authority_key_identifier, "keyid");
    sent.push_back(testing::sign(request, key, &renamed));
  }
  const Certificate leaf = make_party(leaf_request("dev"), &first).certificate;
  const PathReport report = validate_path(leaf, sent, {}, Certificates{outer.certificate}, kNow, {});
  EXPECT_FALSE(report.valid());
}

TEST(PathValidation, WithoutAnchorsNothingPasses) {
  const Chain chain = make_chain();
  const Certificates all{chain.line.certificate, chain.root.certificate};
  EXPECT_FALSE(validate_path(chain.leaf, all, all, {}, kNow, {}).valid());
  EXPECT_FALSE(PathReport{}.valid());
}

TEST(LeafValidation, JudgesTheLeafAloneAndNeedsNoChain) {
  struct Case {
    std::string_view what;
    void (*change)(TestRequest&);
    std::string_view faults;
  };
  const Case cases[] = {
      {"good", [](TestRequest&) {}, ""},
      {"bare", [](TestRequest& r) { r.extensions.clear(); }, ""},
      {"a CA that signed itself", [](TestRequest& r) { r.extensions = ca_request("").extensions; }, ""},
      {"expired", [](TestRequest& r) { r.not_after = day(99); }, "0:expired"},
      {"not yet valid", [](TestRequest& r) { r.not_before = day(101); }, "0:not-yet-valid"},
      {"for servers", [](TestRequest& r) { set_extension(r, NID_ext_key_usage, "serverAuth"); },
       "0:extended-key-usage"},
      {"signed with SHA-1", [](TestRequest& r) { r.digest = "SHA1"; }, "0:weak-signature"},
      {"unknown critical extension", [](TestRequest& r) { r.unknown_critical_extension = "1.2.3.4"; },
       "0:unknown-critical-extension"},
  };
  for (const Case& c : cases) {
    TestRequest request = leaf_request("dev");
    c.change(request);
    const PathReport report = validate_leaf(make_party(request).certificate, kNow, {});
    EXPECT_EQ(faults_of(report), c.faults) << c.what << ": " << report.summary();
    EXPECT_EQ(report.elements.size(), 1U);
  }
}

TEST(LeafValidation, RefusesMd5) {
  TestRequest request = leaf_request("dev");
  request.digest = "MD5";
  const Certificate leaf = testing::sign(request, PrivateKey::generate_rsa(2048).value(), nullptr);
  EXPECT_EQ(faults_of(validate_leaf(leaf, kNow, {})), "0:weak-signature");
}

TEST(LeafValidation, FollowsTheExpiryRule) {
  TestRequest request = leaf_request("dev");
  request.not_after = day(1);
  const Certificate leaf = make_party(request).certificate;
  EXPECT_EQ(faults_of(validate_leaf(leaf, kNow, {.expiry = ExpiryRule::kLeafOnly})), "0:expired");
  EXPECT_TRUE(validate_leaf(leaf, kNow, {.expiry = ExpiryRule::kOff}).valid());
}

TEST(IssuerChain, ListsTheIssuersNearestFirstWithoutJudgingThem) {
  ChainRequest request;
  request.line.not_after = day(1);
  set_extension(request.line, NID_key_usage, "cRLSign");
  const Chain chain = make_chain(request);
  const Chain foreign = make_chain({.root = plain_ca_request("Root"), .line = plain_ca_request("Line CA")});
  const Certificates presented{foreign.line.certificate, chain.line.certificate};
  const Certificates known{foreign.root.certificate, chain.root.certificate};
  EXPECT_THAT(issuer_chain(chain.leaf, presented, known, {}),
              ::testing::ElementsAre(chain.line.certificate, chain.root.certificate));
}

TEST(IssuerChain, StopsAtAGapAtASelfIssuedCertificateAndAtTheLimit) {
  const Chain chain = make_chain();
  const Certificates all{chain.root.certificate, chain.line.certificate};
  EXPECT_THAT(issuer_chain(chain.leaf, {}, Certificates{chain.root.certificate}, {}), ::testing::IsEmpty());
  EXPECT_THAT(issuer_chain(chain.root.certificate, all, all, {}), ::testing::IsEmpty());
  EXPECT_THAT(issuer_chain(chain.leaf, all, all, {.max_certificates = 2}),
              ::testing::ElementsAre(chain.line.certificate));
}

TEST(IssuerChain, AsksForTheSignatureNotOnlyTheName) {
  const Chain chain = make_chain({.root = plain_ca_request("Root"), .line = plain_ca_request("Line CA")});
  const Chain foreign = make_chain({.root = plain_ca_request("Root"), .line = plain_ca_request("Line CA")});
  EXPECT_THAT(issuer_chain(chain.leaf, Certificates{foreign.line.certificate}, {}, {}), ::testing::IsEmpty());
}

}  // namespace
}  // namespace muster::crypto
