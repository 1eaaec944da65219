"""Inputs are passed by the names of a function's parameters."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infer_compare.errors import InputError
from infer_compare.models.binding import bind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from infer_compare.models.binding import Binding


def binding(function: Callable[..., Any], *names: str) -> Binding:
    """Bind names to the parameters of a function."""
    return bind(list(inspect.signature(function).parameters.values()), names, "The forward of Net", function)


def passed(function: Callable[..., Any], *names: str) -> Any:
    """What a function returns that gets each input's own name in its place."""
    return binding(function, *names).bound(function)(*names)


def encoder(ids, mask=None, types=None, *, scale=None):
    """Return what it was called with."""
    return {"ids": ids, "mask": mask, "types": types, "scale": scale}


def test_inputs_in_the_order_of_the_parameters_are_passed_as_they_are() -> None:
    """Nothing is added to such a call."""
    assert binding(encoder, "ids", "mask").bound(encoder) is encoder


@given(st.permutations(["ids", "mask", "types", "scale"]), st.integers(0, 3))
def test_each_input_is_passed_to_the_parameter_of_its_name(names: list[str], left_out: int) -> None:
    """In whatever order they are described, and whichever optional ones are left out."""
    described = [name for name in names if name == "ids" or names.index(name) != left_out]
    assert passed(encoder, *described) == {name: name if name in described else None for name in names}


def test_a_parameter_that_is_left_out_is_not_filled_by_the_next_input() -> None:
    """Token types would otherwise be taken for a mask."""
    assert passed(encoder, "ids", "types") == {"ids": "ids", "mask": None, "types": "types", "scale": None}


def test_a_name_that_is_no_parameter_is_an_error_that_lists_them_and_guesses() -> None:
    """A mistyped name is found before anything is run."""
    with pytest.raises(InputError) as caught:
        binding(encoder, "ids", "type")
    assert str(caught.value) == (
        "The forward of Net has no parameter 'type'; it takes ids, mask, types, scale (did you mean 'types'?); "
        "name each input after a parameter."
    )


def test_a_parameter_that_is_needed_and_not_described_is_named() -> None:
    """The call could not be made."""
    with pytest.raises(InputError, match=r"needs 'ids', which is not among the inputs \(mask\); add it to the inputs"):
        binding(encoder, "mask")


def test_the_only_parameter_takes_an_input_of_any_name() -> None:
    """Nothing can be confused."""
    assert passed(lambda input: input, "x") == "x"  # noqa: A006 - as torch calls it
    assert passed(lambda *, only: only, "x") == "x"
    assert passed(lambda *tensors: tensors, "a", "b") == ("a", "b")
    assert passed(lambda *a, **k: (a, k), "x") == ((), {"x": "x"})


def test_several_inputs_of_a_function_with_one_parameter_are_a_dictionary() -> None:
    """As data loaders hand them over."""
    assert passed(lambda batch: batch, "image", "text") == {"image": "image", "text": "text"}


def test_an_annotation_decides_whether_one_parameter_takes_a_dictionary() -> None:
    """A tensor is not a dictionary of one tensor, and several inputs are no tensor."""

    def of_mapping(batch: Mapping[str, int]) -> object:
        return batch

    def of_dict(batch: dict[str, int] | None) -> object:
        return batch

    def of_number(x: int) -> object:
        return x

    assert passed(of_dict, "image") == {"image": "image"}
    of_mapping.__globals__.setdefault("Mapping", __import__("collections.abc").abc.Mapping)
    assert passed(of_mapping, "image") == {"image": "image"}
    assert passed(of_number, "image") == "image"
    with pytest.raises(InputError, match="no parameter 'a'"):
        binding(of_number, "a", "b")


def test_dots_lead_into_dictionaries_and_lists() -> None:
    """A cache of keys and values is a list of pairs."""
    names = ("batch.image", "batch.text", "past.0.0", "past.0.1", "past.1.0", "past.1.1")
    found = passed(lambda past, batch: (past, batch), *names)
    assert found == (
        (("past.0.0", "past.0.1"), ("past.1.0", "past.1.1")),
        {"image": "batch.image", "text": "batch.text"},
    )


@pytest.mark.parametrize("names", [("batch", "batch.image"), ("batch.image", "batch"), ("x", "x")])
def test_an_input_and_a_part_of_it_cannot_both_be_described(names: tuple[str, ...]) -> None:
    """One of them would be lost."""
    with pytest.raises(InputError, match="input '"):
        binding(lambda batch, x=None: (batch, x), *names)


class Options(TypedDict, total=False):
    """What a library says of its keyword arguments."""

    num_items: int


def test_keyword_arguments_of_which_the_function_tells_no_names_take_every_name() -> None:
    """And where it tells them, as transformers does, a mistyped one is found."""

    def open_(ids, **rest):
        return ids, rest

    def closed(ids, **rest: Unpack[Options]):
        return ids, rest

    assert passed(open_, "mask", "ids") == ("ids", {"mask": "mask"})
    assert passed(closed, "ids", "num_items") == ("ids", {"num_items": "num_items"})
    with pytest.raises(InputError, match="no parameter 'mask'"):
        binding(closed, "ids", "mask")
