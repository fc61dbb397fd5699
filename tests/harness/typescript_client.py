"""`python -m tests.harness.typescript_client`: makes the TypeScript client's types anew, from the gateway as it is."""

import json

from api.app import create_app
from api.settings import GatewaySettings
from tests.harness.node import NodeProject
from tests.harness.service import REPOSITORY

SOURCE = REPOSITORY / "clients" / "typescript"
TYPES = SOURCE / "src" / "schema.ts"


def generated_types(project: NodeProject) -> str:
    """Return the types that a copy of the client makes of the gateway's OpenAPI document."""
    document = create_app(GatewaySettings(_env_file=None)).openapi()
    project.run("npm", "run", "generate", text=json.dumps(document))
    return (project.folder / TYPES.relative_to(SOURCE)).read_text(encoding="utf-8")


if __name__ == "__main__":
    TYPES.write_text(generated_types(NodeProject(SOURCE)), encoding="utf-8")
