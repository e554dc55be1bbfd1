"""The reasons of conditions and Events, for programs. docs/conditions.md lists each of them with the next step."""

from edge_liveness import Reason

# Of sites and devices.
RECONCILED = "Reconciled"
WAITING_FOR_DELETION = "WaitingForDeletion"
FIELD_CONTESTED = "FieldContested"
QUOTA_EXCEEDED = "QuotaExceeded"
ACCESS_DENIED = "AccessDenied"
INVALID = "Invalid"
REFUSED = "Refused"
CERTIFICATE_NOT_FOUND = "CertificateNotFound"
CERTIFICATE_INVALID = "CertificateInvalid"
CERTIFICATE_EXPIRED = "CertificateExpired"
CERTIFICATE_EXPIRING = "CertificateExpiring"
CERTIFICATE_NAME_MISMATCH = "CertificateNameMismatch"

# Of sites: Ready, Available.
PAUSED = "Paused"
PODS_REFUSED = "PodsRefused"
IMAGE_UNAVAILABLE = "ImageUnavailable"
UNSCHEDULABLE = "Unschedulable"
CRASH_LOOPING = "CrashLooping"
OUT_OF_MEMORY = "OutOfMemory"
POD_NOT_STARTING = "PodNotStarting"
VOLUME_NOT_BOUND = "VolumeNotBound"
VOLUME_NOT_EXPANDABLE = "VolumeNotExpandable"
VOLUME_NOT_SHRUNK = "VolumeNotShrunk"
COMPONENTS_NOT_READY = "ComponentsNotReady"
COMPONENTS_AVAILABLE = "ComponentsAvailable"
COMPONENTS_UNAVAILABLE = "ComponentsUnavailable"
NOT_OBSERVED = "NotObserved"
NOT_OURS = "NotOurs"
SPEC_INVALID = "SpecInvalid"
ROOT_SECRET_INVALID = "RootSecretInvalid"  # noqa: S105 - a reason
ROOT_SECRET_MADE_ANEW = "RootSecretMadeAnew"  # noqa: S105 - a reason

# Of sites: BrokerConnected, BrokerDropping, BrokerDataLost.
CONNECTED = "Connected"
BROKER_LOGIN_UNUSABLE = "BrokerLoginUnusable"
BROKER_REFUSED = "BrokerRefused"
BROKER_UNTRUSTED = "BrokerUntrusted"
SESSION_CONTENDED = "SessionContended"
BROKER_UNREACHABLE = "BrokerUnreachable"
QUEUE_FULL = "QueueFull"
DATABASE_DAMAGED = "DatabaseDamaged"

# Of sites: CloudConnected, KafkaConnected.
NOT_CONFIGURED = "NotConfigured"
CLOUD_UNREACHABLE = "CloudUnreachable"
KAFKA_UNREACHABLE = "KafkaUnreachable"
PROCESSOR_NOT_RUNNING = "ProcessorNotRunning"
SINK_SECRET_UNUSABLE = "SinkSecretUnusable"  # noqa: S105 - a reason

# Of sites: StorageFull, ReadingsDropped, StorageDataLost.
STORE_NOT_WRITABLE = "StoreNotWritable"
DELETED_UNFORWARDED = "DeletedUnforwarded"
DATABASE_SET_ASIDE = "DatabaseSetAside"

# Of devices: Ready, CredentialsReady.
SITE_NOT_FOUND = "SiteNotFound"
SITE_NOT_RECONCILED = "SiteNotReconciled"
SITE_PAUSED = "SitePaused"
DUPLICATE_DEVICE_ID = "DuplicateDeviceId"
CREDENTIALS_ISSUED = "CredentialsIssued"
IN_CLUSTER_ONLY = "InClusterOnly"
EXTERNAL_BROKER = "ExternalBroker"
EXISTING_SECRET = "ExistingSecret"  # noqa: S105 - a reason
EXISTING_SECRET_NOT_FOUND = "ExistingSecretNotFound"  # noqa: S105 - a reason
EXISTING_SECRET_INVALID = "ExistingSecretInvalid"  # noqa: S105 - a reason
SECRET_NOT_OURS = "SecretNotOurs"  # noqa: S105 - a reason

# Of devices: Connected, and the reason in `status.connectivity`.
HEARTBEAT_RECEIVED = Reason.HEARTBEAT_RECEIVED.value
DISCONNECTED = Reason.DISCONNECTED.value
LAST_WILL = Reason.LAST_WILL.value
HEARTBEAT_EXPIRED = Reason.HEARTBEAT_EXPIRED.value
SITE_UNREACHABLE = Reason.SITE_UNREACHABLE.value
BROKER_RESTARTED = Reason.BROKER_RESTARTED.value
NOT_YET_SEEN = Reason.NOT_YET_SEEN.value
CREDENTIALS_PENDING = "CredentialsPending"
DISABLED = Reason.DISABLED.value

# Of devices: StatusUnreadable.
ENCODING_INVALID = "EncodingInvalid"
JSON_INVALID = "JsonInvalid"
WORD_INVALID = "WordInvalid"
FIELD_INVALID = "FieldInvalid"
NESTED_TOO_DEEP = "NestedTooDeep"
TOO_LARGE = "TooLarge"
NAMES_ANOTHER_DEVICE = "NamesAnotherDevice"

# Of Events only.
STATUS_UNREADABLE = "StatusUnreadable"
ALERTS_NOT_DELIVERED = "AlertsNotDelivered"
ALERTS_DELIVERED = "AlertsDelivered"

# Of Events only, each about many devices of a site.
DEVICES_CHANGED = "DevicesChanged"
MASS_LAST_WILL = "MassLastWill"
