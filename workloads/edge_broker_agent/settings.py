"""Settings of the agent, from the environment."""

from dataclasses import dataclass
from pathlib import Path

from edge_service.address import BrokerAddress
from edge_service.setting import broker, duration, path, port, setting, whole_number
from edge_service.settings import ProgramSettings


@dataclass(frozen=True, kw_only=True)
class AgentSettings(ProgramSettings):
    """Settings of the agent.

    `start_patience` and `batch_interval` are in seconds; in the environment they have a unit, such as 5s.
    """

    edge_credentials_dir: Path = setting("Directory with username and password.", path, default=Path("/credentials"))
    mqtt_broker: BrokerAddress = setting(
        "Mosquitto's listener for components.", broker, default=BrokerAddress("localhost", 1884)
    )
    tls_secret: str = setting("Secret with tls.crt and tls.key, if Mosquitto has a listener with TLS.", default="")
    auth_dir: Path = setting("Where the files for Mosquitto are written.", path, default=Path("/mosquitto/data/auth"))
    mosquitto_database: Path = setting(
        "Mosquitto's database, checked before it starts.", path, default=Path("/mosquitto/data/mosquitto.db")
    )
    mosquitto_log: Path = setting("Mosquitto's log.", path, default=Path("/mosquitto/log/mosquitto.log"))
    mosquitto_log_max_bytes: int = setting("Size at which it is rotated.", whole_number(0), default=104_857_600)
    start_patience: float = setting(
        "Time that a start waits for the API server before it uses the last copy.", duration(), default=5.0
    )
    batch_interval: float = setting("Minimum time between two reloads of Mosquitto.", duration(), default=1.0)
    kubernetes_service_host: str = setting("The API server.", default="kubernetes.default.svc")
    kubernetes_service_port: int = setting("Its port.", port, default=443)
    service_account_dir: Path = setting(
        "Directory with token and ca.crt.", path, default=Path("/var/run/secrets/kubernetes.io/serviceaccount")
    )
    proc_dir: Path = setting("Where the pod's processes are seen.", path, default=Path("/proc"))

    @property
    def index(self) -> str:
        """Name of the Secret with the number of shards."""
        return f"{self.edge_site}-mqtt-auth"
