"""The named tokens of the gateway's HTTP interface, and the list of all tokens that the gateway accepts."""

from edge_operator.api.gateway import ApiToken
from edge_operator.desired import components
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name
from edge_operator.desired.secret.api_token import KEY as TOKEN
from edge_operator.desired.secret.opaque import opaque
from edge_operator.identity import derive
from edge_wire.messages import ApiRole, ApiTokenEntry, ApiTokenList, token_digest

LIST_KEY = "tokens.json"
DEFAULT_NAME = "api-token"


def named_tokens(site: SiteInput) -> list[Manifest]:
    """Return a Secret for each token in the spec."""
    return [
        opaque(site, components.GATEWAY, child_name(site, f"token-{each.name}"), {TOKEN: _token(site, each)})
        for each in site.spec.gateway.api_tokens or ()
    ]


def api_tokens(site: SiteInput) -> Manifest:
    """Return the Secret with the list, which has the digests of the tokens only."""
    text = api_token_list(site).encode().decode()
    return opaque(site, components.GATEWAY, api_tokens_name(site), {LIST_KEY: text})


def api_tokens_name(site: SiteInput) -> str:
    """Return the name of the Secret with the list."""
    return child_name(site, "api-tokens")


def api_token_list(site: SiteInput) -> ApiTokenList:
    """Return the tokens that the gateway accepts: the one in `<site>-api-token`, and those in the spec."""
    gateway = site.spec.gateway
    first = derive.api_token(site.root, gateway.api_token_rotation)
    return ApiTokenList(
        (
            ApiTokenEntry(DEFAULT_NAME, ApiRole.OPERATE, token_digest(first)),
            *(
                ApiTokenEntry(each.name, ApiRole(each.role), token_digest(_token(site, each)))
                for each in gateway.api_tokens or ()
            ),
        )
    )


def _token(site: SiteInput, given: ApiToken) -> str:
    return derive.named_token(site.root, given.name, given.rotation)
