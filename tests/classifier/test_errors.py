"""The tree of errors: each has a code of its own, and one class catches them all."""

from classifier import errors


def test_every_error_has_a_code_of_its_own_and_one_root() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert all(issubclass(kind, errors.ClassifierError) for kind in kinds)
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert all(kind.__doc__ for kind in kinds)


def test_the_tree_in_the_file_is_the_tree_of_the_classes() -> None:
    kinds = [kind.__name__ for kind in vars(errors).values() if isinstance(kind, type)]
    assert all(f"{name} " in f"{errors.__doc__} " or f"{name}\n" in str(errors.__doc__) for name in kinds)
