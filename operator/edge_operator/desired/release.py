"""The release of the operator: the images of a site if its spec names none."""

from dataclasses import dataclass

OFFICIAL_IMAGES = "docker.io/library/"


@dataclass(frozen=True, slots=True)
class Release:
    """One release and its images.

    Attributes:
        version: tag of this project's images.
        registry: put before every image, such as `registry.example.com/mirror`; empty for none.
        mosquitto: image of the broker, 2.1.2 or later.
        operator_namespace: namespace of the operator; its pods may connect to the brokers.
    """

    version: str
    registry: str = ""
    mosquitto: str = "docker.io/library/eclipse-mosquitto:2.1.2-alpine"
    operator_namespace: str = "edge-system"

    @property
    def gateway_image(self) -> str:
        """Default image of the gateway."""
        return self._own("edge-gateway")

    @property
    def processor_image(self) -> str:
        """Default image of the processor."""
        return self._own("edge-processor")

    @property
    def storage_image(self) -> str:
        """Default image of the store."""
        return self._own("edge-storage")

    @property
    def broker_agent_image(self) -> str:
        """Image of the agent beside the broker."""
        return self._own("edge-broker-agent")

    @property
    def mqtt_image(self) -> str:
        """Default image of the broker."""
        if not self.registry:
            return self.mosquitto
        return self._prefixed(self.mosquitto.removeprefix(OFFICIAL_IMAGES))

    def _own(self, name: str) -> str:
        return self._prefixed(f"edge-stack/{name}:{self.version}")

    def _prefixed(self, image: str) -> str:
        return f"{self.registry.rstrip('/')}/{image}" if self.registry else image
