"""Every metric of the MTA, declared in one place. Prefix `postduif_`, base units, `_total` on counters.

Label sets are bounded: a label is a listener, a stream, a configured site or webhook, a status class or a fixed word;
never a domain or an address.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

# --- SMTP in
CONNECTIONS = Gauge("postduif_smtp_in_open_connections", "Open client connections", ["listener"])
CONNECTIONS_TOTAL = Counter("postduif_smtp_in_connections_total", "Client connections", ["listener"])
REFUSED = Counter("postduif_smtp_in_refused_total", "What a limit or rule of SMTP in refused", ["listener", "reason"])
MESSAGE_MEMORY = Gauge("postduif_smtp_in_message_bytes", "Octets of mail that clients have sent and is not on disk")
RECEIVED = Counter("postduif_messages_received_total", "Messages accepted (250 after commit)", ["stream"])
RECEIVED_RECIPIENTS = Counter("postduif_recipients_received_total", "Recipients accepted", ["stream"])
RECEIVED_BYTES = Counter("postduif_received_bytes_total", "Octets of accepted messages")

# --- HTTP in
HTTP_CONNECTIONS = Gauge("postduif_http_in_open_connections", "Open connections of the HTTP door")
HTTP_REQUESTS = Counter("postduif_http_in_requests_total", "Requests by what came of them", ["code"])

# --- queue
QUEUED = Gauge("postduif_queue_recipients", "Recipients in the queue")
LEASED = Gauge("postduif_queue_leased_recipients", "Recipients in memory, ready or under way")
COMMIT_SECONDS = Histogram(
    "postduif_queue_commit_seconds",
    "Time of one group commit, fsync included",
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3),
)
STORE_ERRORS = Counter("postduif_queue_errors_total", "Transactions of the queue file that failed")
DISK_FREE = Gauge("postduif_queue_disk_free_bytes", "Free space where the queue is")

# --- SMTP out
ATTEMPTS = Counter("postduif_delivery_attempts_total", "Attempts by outcome", ["stream", "kind", "code"])
DELAY = Histogram(
    "postduif_delivery_delay_seconds",
    "Delay of delivered recipients by stage: before_queue, in_queue, connect, transmit",
    ["stage"],
    buckets=(0.01, 0.1, 1, 10, 60, 600, 3600, 14400, 86400),
)
OUT_CONNECTIONS = Gauge("postduif_smtp_out_open_connections", "Open connections to remote hosts")
OUT_CONNECTIONS_TOTAL = Counter("postduif_smtp_out_connections_total", "Connections to remote hosts", ["result"])
DSNS = Counter("postduif_dsn_sent_total", "Notifications sent to senders", ["action"])
DNS_LOOKUPS = Counter("postduif_dns_lookups_total", "Lookups", ["result"])
SIGN_SECONDS = Histogram(
    "postduif_dkim_sign_seconds", "Time to sign one message", buckets=(0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 1)
)
SIGNATURES = Counter("postduif_dkim_signatures_total", "Signatures made", ["algorithm"])

# --- mail that comes back
SUPPRESSED = Gauge(
    "postduif_suppressed_addresses",
    "Addresses and patterns that may refuse mail; those let go count until the next start",
)
REFUSED_SUPPRESSED = Counter(
    "postduif_suppressed_refused_total", "Messages refused at the door: all recipients are suppressed"
)
SUPPRESSIONS = Counter("postduif_suppressions_total", "Addresses that were put on the suppression list", ["cause"])
RETURNED = Counter("postduif_returned_total", "Mail to our return addresses, by what it is", ["kind"])
FAILURES = Counter("postduif_failures_total", "Failures that were said in SMTP", ["category", "provider"])
BOUNCES = Counter("postduif_bounces_total", "Failures that were said later, by mail", ["category", "provider"])
RETURN_ADDRESSES_REFUSED = Counter(
    "postduif_return_addresses_refused_total", "Mail to return addresses that are none of ours", ["problem"]
)

# --- webhooks
WEBHOOK_REQUESTS = Counter("postduif_webhook_requests_total", "Requests by what came of them", ["webhook", "result"])
WEBHOOK_EVENTS = Counter("postduif_webhook_events_total", "Events that the receiver took", ["webhook"])
WEBHOOK_LOST = Counter(
    "postduif_webhook_lost_rows_total", "Rows of the journal forgotten before the webhook saw them", ["webhook"]
)
WEBHOOK_LAG = Gauge("postduif_webhook_lag_seconds", "Age of the oldest event that was not taken", ["webhook"])
WEBHOOK_GIVEN_UP = Gauge("postduif_webhook_given_up", "1: nothing is told any more until a reload", ["webhook"])

# --- process
LOOP_LAG = Histogram(
    "postduif_event_loop_lag_seconds",
    "How late the event loop runs what is due",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 1),
)
RELOADS = Counter("postduif_config_reloads_total", "Reloads of the configuration", ["result"])
TRACKING_WAITING = Gauge("postduif_tracking_visits_waiting", "The most visits that waited for one commit lately")
TRACKING_LOST = Gauge("postduif_tracking_visits_lost", "Visits that were not kept, ever")
WISHES_WAITING = Gauge("postduif_wishes_waiting", "What readers asked for and has not had its effect")
WISHES_OLDEST = Gauge("postduif_wishes_oldest_seconds", "Age of the oldest of them")
LOG_DROPPED = Gauge("postduif_log_dropped_lines", "Log lines that could not be written")
