"""Reads what other APIs' forms ask for beside a transcription."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from api.problems import option_problems
from api.submissions import Fields
from core.errors import InvalidOptions, OptionProblem

M = TypeVar("M", bound=BaseModel)


def taken(fields: Fields, model: type[M]) -> M:
    """Take the fields that a model has out of a form's, and return them as that.

    Raises:
        InvalidOptions: they are not what the model asks for.
    """
    sent = {name: fields.pop(name) for name in model.model_fields if name in fields}
    try:
        return model.model_validate(sent)
    except ValidationError as error:
        # Of a list, the number of the entry is of no use to who has sent it as text.
        problems = [OptionProblem(each.option.partition(".")[0], each.message) for each in option_problems(error)]
        raise InvalidOptions(problems) from None
