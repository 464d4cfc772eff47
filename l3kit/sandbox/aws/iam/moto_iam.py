"""Client of the gateway for moto's IAM data."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlencode
from xml.etree import ElementTree

from l3kit.sandbox.aws.iam.documents import Policy, parse_policy
from l3kit.sandbox.aws.upstream import AwsUpstream, authorization

API_VERSIONS = {"iam": "2010-05-08", "sts": "2011-06-15"}


@dataclass(frozen=True, slots=True)
class Element:
    """An XML element, searched without regard to namespaces."""

    node: ElementTree.Element

    def text(self, path: str) -> str:
        """The text at a path of names; "" if missing."""
        return self.node.findtext(_any_namespace(path)) or ""

    def texts(self, path: str) -> list[str]:
        return [one.text or "" for one in self.node.findall(_any_namespace(path))]

    def all(self, path: str) -> list[Element]:
        return [Element(one) for one in self.node.findall(_any_namespace(path))]


def parse_xml(body: bytes) -> Element:
    """Parse an XML document. Raises: ElementTree.ParseError."""
    return Element(ElementTree.fromstring(body))


class MotoIam:
    """Reads of IAM data; None if moto does not have the object."""

    def __init__(self, moto: AwsUpstream) -> None:
        self._moto = moto

    async def call(self, action: str, **parameters: str) -> Element | None:
        """Send a call of IAM's query API; None if it is refused."""
        form = {"Action": action, "Version": API_VERSIONS["iam"], **parameters}
        headers = {"Authorization": authorization("iam"), "Content-Type": "application/x-www-form-urlencoded"}
        answer = await self._moto.ask("POST", "/", headers=headers, body=urlencode(form).encode())
        return parse_xml(answer.body) if answer.status == 200 else None

    async def inline(self, kind: str, name: str) -> list[Policy]:
        """The inline policies of a `Role`, `User` or `Group`."""
        return [document(text, policy) for policy, text in (await self.inline_texts(kind, name)).items()]

    async def inline_texts(self, kind: str, name: str, *, without: str = "") -> dict[str, str]:
        """The inline policies' texts by name. Args: without: name of a policy to omit."""
        listed = await self.call(f"List{kind}Policies", **{f"{kind}Name": name})
        found = {}
        names = listed.texts(".//PolicyNames/member") if listed else []
        for policy in (one for one in names if one != without):
            answer = await self.call(f"Get{kind}Policy", **{f"{kind}Name": name, "PolicyName": policy})
            if answer is not None:
                found[policy] = unquote(answer.text(".//PolicyDocument"))
        return found

    async def attached(self, kind: str, name: str) -> list[str]:
        """ARNs of the managed policies attached to a `Role`, `User` or `Group`."""
        listed = await self.call(f"ListAttached{kind}Policies", **{f"{kind}Name": name})
        return listed.texts(".//AttachedPolicies/member/PolicyArn") if listed else []

    async def managed(self, arn: str) -> Policy | None:
        """The default version of a managed policy."""
        found = await self.call("GetPolicy", PolicyArn=arn)
        if found is None:
            return None
        version = found.text(".//DefaultVersionId")
        answer = await self.call("GetPolicyVersion", PolicyArn=arn, VersionId=version)
        return document(unquote(answer.text(".//PolicyVersion/Document")), arn) if answer is not None else None


def document(text: str, name: str) -> Policy:
    """Parse a policy of an identity."""
    return parse_policy(text, "identity", name)


def _any_namespace(path: str) -> str:
    return "/".join(part if part in (".", "", "*") else f"{{*}}{part}" for part in path.split("/"))
