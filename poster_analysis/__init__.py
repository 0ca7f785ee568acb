__version__ = "0.1.0"

#: What is used from a notebook, and where it is defined; loaded when it is used.
_PLACES = {
    "open_study": "api.study",
    "create_study": "api.study",
    "demo_study": "api.study",
    "open_features": "api.features",
    "Study": "api.study",
    "Parameters": "study.parameters",
    "check": "collection.check",
    "read_collection": "collection.posters",
    "load_features": "extraction.features",
    "neighbours": "similarity.neighbours",
    "verdict": "api.verdicts",
    "PosterAnalysisError": "core.errors",
    "InputError": "core.errors",
    "RunError": "core.errors",
}
__all__ = [*_PLACES]


def __getattr__(name):
    """A name of `__all__`, from its module."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)


def __dir__():
    """The names that completion offers."""
    return sorted({*__all__, "__version__", "__doc__", "__file__", "__path__"})
