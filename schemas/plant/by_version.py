"""Plant files of one version are one: the key of what is made of a file and kept."""

from schemas.plant.load import PlantFile


class ByVersion:
    """A plant file that is equal to another of the same version."""

    __slots__ = ("plant",)

    def __init__(self, plant: PlantFile) -> None:
        self.plant = plant

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByVersion) and self.plant.version == other.plant.version

    def __hash__(self) -> int:
        return hash(self.plant.version)
