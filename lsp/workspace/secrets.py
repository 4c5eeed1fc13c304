"""What is never read into the index and never shown to a model: files that hold secrets, by their names.

The list is that of names that tools give to keys, passwords and tokens. A secret inside an ordinary source file is not
found here.
"""

from __future__ import annotations

import re
from fnmatch import translate
from pathlib import PurePath

SECRET_FILES = (
    ".env", ".env.*", "*.env", ".envrc",
    "*.pem", "*.key", "*.p12", "*.pfx", "*.p8", "*.jks", "*.keystore", "*.kdbx", "*.ppk", "*.asc", "*.gpg", "*.pgp",
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "authorized_keys", "known_hosts",
    "client_secret*.json", "service-account*.json", "service_account*.json", "*.tfstate", "*.tfstate.*", "*.tfvars",
    ".netrc", "_netrc", ".npmrc", ".pypirc", ".pgpass", ".my.cnf", ".htpasswd", ".git-credentials", ".dockercfg",
    ".dockerconfigjson", "kubeconfig", "*.kubeconfig", ".s3cfg", ".boto", "vault-password*", ".vault_pass*",
    "*.ovpn", "*.mobileprovision",
)  # fmt: skip
"""Patterns for a file's name, without regard to case."""

SECRET_FOLDERS = frozenset({".ssh", ".aws", ".azure", ".gnupg", ".kube", ".docker", ".gcloud", ".password-store"})
"""Folders of which nothing is read."""

_NAMED_SO = r"\.?(?:\w+[_.-])?(?:credentials?|secrets?|passwords?|passwd|tokens?)(?:\.(?:%s))?\Z"
_DATA = "json|ya?ml|toml|ini|cfg|conf|xml|csv|tsv|txt|properties|db|enc|bak"
"""`credentials.py` is a program, `credentials` and `credentials.json` are not."""

_SECRET = re.compile("|".join((_NAMED_SO % _DATA, *map(translate, SECRET_FILES))), re.IGNORECASE)


def is_secret(path: PurePath) -> bool:
    """Whether a file's name, or that of a folder above it, says that it holds secrets."""
    return _SECRET.match(path.name) is not None or not SECRET_FOLDERS.isdisjoint(part.lower() for part in path.parts)
