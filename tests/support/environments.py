"""The environment variables that our processes read, taken from the settings themselves."""

from click import Option
from pydantic_settings import BaseSettings

from api.cli.main import croupier
from bootstrap import settings as house_settings
from signer import settings as signer_settings


def settings_groups() -> dict[str, type[BaseSettings]]:
    """Every group of settings by the prefix of its variables."""
    modules = (house_settings, signer_settings)
    found = [value for module in modules for value in vars(module).values() if isinstance(value, type)]
    return {
        str(group.model_config["env_prefix"]): group
        for group in found
        if issubclass(group, BaseSettings) and group is not BaseSettings
    }


def variables(prefix: str, *, only_required: bool = False) -> set[str]:
    """The variables of one group, or those of them that have no default."""
    fields = settings_groups()[prefix].model_fields
    return {
        prefix + name.upper() for name, field in fields.items() if field.is_required() or not only_required
    }


def command_variables() -> set[str]:
    """The variables that the `croupier` command reads."""
    return {str(option.envvar) for option in croupier.params if isinstance(option, Option) and option.envvar}
