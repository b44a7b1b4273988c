"""A stand-in for TensorFlow in a process that only answers with a model that has no neural component.

Rasa imports TensorFlow wherever it might train a network: 3 to 6 s and 250 MB that the assistant never uses (docs/adr/0003).
The stand-in satisfies those imports (base classes, decorators, type names) and fails loudly when something is called.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

NEURAL_MODULES = ("tensorflow", "tensorflow_hub", "tensorflow_text", "keras")


class TensorFlowNotLoaded(RuntimeError):
    """Something wanted to compute with TensorFlow in a process that was started without it."""


class _Nothing(type):
    """A class for every name: it can be subclassed, used as a decorator argument or in an annotation, never called."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing(name, (), {})

    def __call__(cls, *values: Any, **named: Any) -> Any:
        if len(values) == 1 and not named and callable(values[0]):
            return values[0]  # used as a bare decorator
        if cls.__name__ in DECORATOR_FACTORIES:
            return lambda decorated: decorated
        raise TensorFlowNotLoaded(f"{cls.__name__} was called, but TensorFlow is not loaded in this process")


DECORATOR_FACTORIES = ("function", "register_keras_serializable")


class _Module(ModuleType):
    """A module with every name in it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing(name, (), {})


class _Finder:
    """Answers `import tensorflow…` with the stand-in."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """The stand-in's spec for TensorFlow and what builds on it."""
        return ModuleSpec(name, self, is_package=True) if name.split(".")[0] in NEURAL_MODULES else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """An empty module that has every name."""
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run."""


def leave_out_tensorflow() -> None:
    """Install the stand-in. Has no effect when TensorFlow is loaded already."""
    if "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _Finder())
