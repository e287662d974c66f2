"""What can be wrong with specifications that each value for itself does not show."""

from collections.abc import Iterator

from schemas.mistakes import Mistake, did_you_mean
from schemas.plant.model import Plant
from schemas.plant.products import LabTest
from schemas.plant.quality import Specification
from schemas.yaml_file import Document, Location


def quality_mistakes(plant: Plant, document: Document) -> Iterator[Mistake]:
    """The mistakes in all specifications."""
    seen: set[tuple[object, ...]] = set()
    for index, one in enumerate(plant.specifications):
        place: Location = ("specifications", index)
        yield from _of_products(plant, one, place, document)
        areas = plant.quality.areas
        if one.area is not None and one.area not in areas:
            hint = did_you_mean(one.area, areas) or "list it in quality.areas"
            told = f"no such compliance area: {one.area}"
            yield document.mistake((*place, "area"), told, hint)
        for product in one.products:
            named = (product, one.test, one.starts)
            if named in seen:
                told = f"a second specification of {one.test} of {product} from this moment on"
                yield document.mistake((*place, "from"), told, "let it hold from a later one")
            seen.add(named)


def _of_products(
    plant: Plant, one: Specification, place: Location, document: Document
) -> Iterator[Mistake]:
    known = {product.id: product for product in plant.products}
    for number, name in enumerate(one.products):
        if name not in known:
            told, hint = f"no such product: {name}", did_you_mean(name, known)
            yield document.mistake((*place, "products", number), told, hint)
            continue
        tests = {test.id: test for test in known[name].tests}
        if one.test in tests:
            yield from _of_test(one, tests[one.test], name, place, document)
        elif tests:
            told = f"{name} has no such test: {one.test}"
            yield document.mistake((*place, "test"), told, did_you_mean(one.test, tests))


def _of_test(
    one: Specification, test: LabTest, product: str, place: Location, document: Document
) -> Iterator[Mistake]:
    is_text = bool(one.accepted)
    if is_text != (test.kind == "text"):
        key, wanted = ("limits", "accepted") if test.kind == "text" else ("accepted", "limits")
        told = f"results of {test.id} of {product} are {test.kind}s: write {wanted}"
        yield document.mistake((*place, key), told)
    elif one.unit != test.unit:
        told = f"{test.id} of {product} is reported in {test.unit or 'no unit'}"
        yield document.mistake((*place, "unit" if one.unit else "test"), told, "use the same unit")
