"""The condition keys that the sandbox can judge. A policy with any other is refused when it is put: it would be taken
for true or false without anybody having looked."""

from __future__ import annotations

GLOBAL = frozenset(
    {
        "aws:currenttime",
        "aws:epochtime",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalisawsservice",
        "aws:principaltype",
        "aws:requestedregion",
        "aws:resourceaccount",
        "aws:securetransport",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceip",
        "aws:useragent",
        "aws:userid",
        "aws:username",
        "aws:viaawsservice",
    }
)
"""Given with a request, where AWS gives them."""
NEVER_THERE = frozenset(
    {
        "aws:calledvia",
        "aws:calledviafirst",
        "aws:calledvialast",
        "aws:federatedprovider",
        "aws:multifactorauthage",
        "aws:multifactorauthpresent",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:resourceorgid",
        "aws:resourceorgpaths",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:vpcsourceip",
    }
)
"""Of things that one account on loopback does not have: every request lacks them, as such a request would on AWS."""
OF_SERVICES = frozenset(
    {
        "iam:passedtoservice",
        "kms:viaservice",
        "lambda:functionurlauthtype",
        "lambda:invokedviafunctionurl",
        "s3:delimiter",
        "s3:if-match",
        "s3:if-none-match",
        "s3:max-keys",
        "s3:objectcreationoperation",
        "s3:prefix",
        "s3:versionid",
        "s3:x-amz-acl",
        "s3:x-amz-copy-source",
        "s3:x-amz-metadata-directive",
        "s3:x-amz-server-side-encryption",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:x-amz-storage-class",
        "sts:externalid",
        "sts:rolesessionname",
    }
)
KNOWN = GLOBAL | NEVER_THERE | OF_SERVICES


def is_known(key: str) -> bool:
    """Whether a key, in small letters, can be judged."""
    return key in KNOWN
