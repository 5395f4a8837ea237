"""Which key signs and where its passphrase comes from. Never the key or the passphrase itself."""

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from executor.config.fields import Strict, WholeNumber


class PassphraseSource(Strict):
    """Where a keystore's passphrase is read from: `prompt` (the terminal), {fd: N} (an open file descriptor),
    {file: path} or {keyring: name} (the entry `name` of service arbitrage-executor in the system's keyring).

    An argument or an environment variable is no choice: other processes can read both.
    """

    fd: Annotated[WholeNumber, Field(ge=0)] | None = None
    file: Path | None = None
    keyring: Annotated[str, Field(min_length=1, max_length=200)] | None = None

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [{"const": "prompt"}, handler(schema)]}

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: Any) -> Any:
        if value == "prompt":
            return {}
        if isinstance(value, str):
            raise ValueError(
                "must be prompt, {fd: N}, {file: path} or {keyring: name}; a passphrase is never written "
                "into settings"
            )
        return value

    @model_validator(mode="after")
    def _at_most_one(self) -> Self:
        if sum(value is not None for value in (self.fd, self.file, self.keyring)) > 1:
            raise ValueError("give one of fd, file and keyring")
        return self


class WalletSettings(Strict):
    """Exactly one of a keystore file, an Ape account or (on local nodes only) a development account."""

    keystore: Path | None = Field(default=None, description="encrypted JSON keystore file (V3)")
    ape_account: str | None = Field(
        default=None,
        description="alias of an account made by `ape accounts`",
        pattern=r"^[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*$",
    )
    development_account: Annotated[WholeNumber, Field(ge=0, le=19)] | None = Field(
        default=None, description="index of a publicly known development key; refused on real networks"
    )
    passphrase: PassphraseSource = Field(
        default_factory=PassphraseSource, description="prompt, {fd: N}, {file: path} or {keyring: name}"
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (
            sum(value is not None for value in (self.keystore, self.ape_account, self.development_account))
            != 1
        ):
            raise ValueError("give exactly one of keystore, ape_account, development_account")
        return self

    @property
    def key(self) -> tuple[str, str]:
        """What names the key: its kind, and the file, alias or index."""
        if self.keystore is not None:
            return "keystore", str(self.keystore)
        if self.ape_account is not None:
            return "ape_account", self.ape_account
        return "development_account", str(self.development_account)

    def anchored(self, folder: Path) -> Self:
        """The same with relative paths counted from `folder`."""
        source = self.passphrase
        if source.file is not None:
            source = source.model_copy(update={"file": folder / source.file.expanduser()})
        keystore = None if self.keystore is None else folder / self.keystore.expanduser()
        return self.model_copy(update={"keystore": keystore, "passphrase": source})
