#include "muster/serve_options.h"

namespace muster::cli {

std::string_view example_config() {
  return R"(# Configuration of `muster serve`. Every key is optional and shown with its default; those whose default depends on
# the machine are commented out. The environment (MUSTER_DATA, MUSTER_LISTEN, ... for the keys of this first part) and the
# flags of the command line win over this file.

data = "./muster-data"        # folder of the store and of generated keys
listen = ["0.0.0.0:443"]      # HTTPS; ADDRESS:PORT; IPv6 in brackets: "[::]:443"
mqtt_listen = ["0.0.0.0:8883"]         # MQTT with TLS; ["off"]: nowhere
amqp_listen = ["0.0.0.0:5671"]         # AMQP 1.0 with TLS; ["off"]: nowhere
# host_name = ["dps.example.net"]        # names of the service; the first is the first instance's
# certificate = ["server.pem"]           # PEM with its chain; RSA and ECDSA may stand side by side
# private_key = ["server.key"]           # one for each certificate, in the same order
# threads = 2                            # one per core
# ready_file = "/run/muster/ready"       # written when the service accepts connections
operations_listen = "127.0.0.1:9464"   # /metrics, /healthz, /readyz, without TLS; "off": nowhere
access_log = "off"            # file for one JSON line per operation; "-": standard output
log_level = "info"            # debug, info, warning, error
log_format = "text"           # text, json
fast_decode = true            # faster decoding of public keys in handshakes

[limits]                      # those that are 0 are off
max_connections = 20000
max_connections_per_address = 2000
max_message_bytes = 98304     # body of a device's request
max_bulk_items = 10           # enrollments in one bulk call
operations_per_minute = 0     # calls of the service API, for each instance; beyond them 429 with Retry-After
registrations_per_minute = 0  # registrations that are accepted, for each instance
device_registrations_per_minute = 120   # register calls of one device from one address: slows a device in a loop
tpm_challenges_per_minute = 60          # challenges for the TPM of one device
device_polls_per_10_seconds = 0         # status polls and look-ups of one device from one address
max_enrollments = 0           # individual ones, for each instance, as are those below
max_x509_groups = 0
max_symmetric_key_groups = 0
max_registrations = 0         # registration records
max_ca_certificates = 25
max_linked_hubs = 1000

[timeouts]                    # seconds
handshake = 10
head = 20
body = 60
idle = 130

[attestation]
expiry = "strict"             # which certificates must be in date: strict (all), leaf-only, off
clock_tolerance_seconds = 300
min_rsa_bits = 2048
allow_ed25519 = false
sas_clock_tolerance_seconds = 300
tpm_challenge_minutes = 60    # how long a TPM may take to answer its challenge

[store]
max_batch = 128               # changes that share one commit

[operations]
retention_minutes = 60        # how long the outcome of a registration can be polled

[attempts]
keep = 100000                 # what devices tried, for `muster explain`: so many of the newest are kept; 0 keeps none
days = 30                     # and none longer than this

[hub]
# local_host_name = "hub.dps.example.net"   # the hub that this service serves itself; default: hub.<first host name>
max_open_jobs = 100           # jobs of a hub that have not ended, scheduled ones included
job_devices_per_second = 100  # devices of a hub that jobs begin with, over all of its jobs
refused_connects_per_minute = 30        # of one device from one address; beyond them it is to come again later. 0: any
refused_connects_per_minute_of_address = 1200   # of all devices behind one address
lifecycle_events = true       # tell in the log of a hub which devices are made and removed
twin_change_events = false    # how twins change; every report of a device is written twice then
connection_events = false     # which devices come and go
security_events = true        # which identities are fought for, as those of copied devices are
event_retention_days = 7      # how long what devices say is kept
event_retention_megabytes = 10000       # and how much of it in each hub; 0: any amount

# Events can be delivered as they come, by any number of sinks. docs/hub.md tells what receivers get.
# [[hub.sink]]
# name = "line-7"                        # of its own; letters, digits, '-' and '_'
# url = "https://plant.example.net/events"   # a webhook; https
# secret_file = "line-7.secret"          # base64 of 24 to 64 octets: signs what is sent
# hub = "hub.dps.example.net"            # default: local_host_name
# batch_events = 100
# timeout_seconds = 30
# refusals = 5                           # after so many a batch that the receiver refuses is given up
#
# [[hub.sink]]
# name = "broker"
# url = "mqtts://broker.example.net:8883"    # an MQTT broker; mqtt:// is without TLS
# ca_file = "broker-ca.pem"              # default: the CAs of the system
# user_name = "muster"
# password_file = "broker.password"
# certificate = "muster.pem"             # client certificate
# private_key = "muster.key"
# topic_prefix = "hub"                   # messages go to hub/HUB/devices/ID/events
# payload = "envelope"                   # as GET /events shows it, or: body, as the device sent it

[linked_hubs]                 # hubs that others serve, each by itself
calls_per_minute = 80         # of its service API; the smallest Azure hub takes 100
burst_calls = 10              # of them at once
concurrent_calls = 8          # that wait for an answer
timeout_seconds = 15          # of one call
give_up_seconds = 300         # a registration that its hub keeps failing has failed after this long

[geo]                         # for the allocation policy geoLatency; a hub's region is the location of its link
# region = "eu-west"                     # of this service: what it measures of hubs counts for devices around it
# networks = ["10.1.0.0/16=eu-west", "2001:db8::/32=us-east"]       # where devices are; the smallest network counts
# latencies = ["eu-west=us-east:90", "eu-west=hub.example.net:12"]  # milliseconds from a region to a region or a hub

[allocation]                  # webhooks of the allocation policy custom
# webhook_hosts = ["alloc.example.net", "*.functions.example.net"]  # the only hosts that may be called; needed for one
                              # on this machine. Without it any host but this machine and link-local addresses
webhook_connect_seconds = 5
webhook_timeout_seconds = 10  # of a call as a whole
webhook_concurrent_calls = 16 # of one host that wait for an answer
webhook_failures_to_rest = 5  # in a row, until a webhook is left alone for 5 to 60 seconds
webhook_keep_exchanges = 20   # of each webhook, for `muster webhook exchanges`

[outbound]                    # requests to linked hubs and webhooks
# ca_file = "plant-ca.pem"               # certificates (PEM) to trust besides the system's
# connect_to = ["hub.example.net=10.0.0.7:8443"]   # HOST=ADDRESS[:PORT]: where to connect to in place of what DNS says
)";
}

}  // namespace muster::cli
