"""The registry of an importer's operators, and its messages about unsupported operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from infer_compare.errors import UnsupportedModel
from infer_compare.models.graph import DEFAULT_DOMAINS
from infer_compare.stats.wording import listing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from infer_compare.models.graph import Graph, Node

Handler = TypeVar("Handler")


class OpRegistry(Generic[Handler]):
    """The registry of an importer's operators: `{op_type: {since_version: handler}}`.

    The versions are those of ONNX's schemas. The handler of a node is found by the schema in force at the model's opset; a
    newer version of an operator is refused rather than handled by an older rule.
    """

    def __init__(self, framework: str) -> None:
        """Create an empty registry; `framework` names the importer in messages."""
        self.framework = framework
        self._handlers: dict[str, dict[int, Handler]] = {}

    def register(self, op_type: str, *since: int) -> Callable[[Handler], Handler]:
        """Register the decorated handler for the schema versions of an operator that it implements."""

        def decorator(handler: Handler) -> Handler:
            versions = self._handlers.setdefault(op_type, {})
            for version in since:
                if version in versions:
                    raise ValueError(f"{op_type} since {version} has two handlers")
                versions[version] = handler
            return handler

        return decorator

    def find(self, node: Node) -> Handler:
        """Return the handler for a node.

        Raises:
            UnsupportedModel: there is none for this operator at this opset; the message names operator, node and opset.
        """
        handler = self._lookup(node)
        if isinstance(handler, str):
            raise self.refusal(handler, self._remedy({node.domain}))
        (rule,) = handler
        return rule

    def check(self, graph: Graph) -> None:
        """Look up every node, to refuse an unsupported model before anything is built.

        Raises:
            UnsupportedModel: the message names all missing operators, and what to do about non-standard operators.
        """
        missing: dict[str, str] = {}
        domains: set[str] = set()
        for node in graph.nodes:
            handler = self._lookup(node)
            if isinstance(handler, str):
                missing.setdefault(node.operator, handler)
                domains.add(node.domain)
        if not missing:
            return
        first, *others = missing
        also = f", and neither can {listing(sorted(others))}" if others else ""
        raise self.refusal(missing[first] + also, self._remedy(domains))

    def _lookup(self, node: Node) -> tuple[Handler] | str:
        """Return the handler of a node, or why there is none."""
        import onnx.defs

        versions = self._handlers.get(node.op_type) if node.domain in DEFAULT_DOMAINS else None
        if versions is None:
            return f"ONNX operator {node} cannot be imported into {self.framework}"
        try:
            since = onnx.defs.get_schema(node.op_type, node.opset, "").since_version
        except onnx.defs.SchemaError:
            return f"ONNX operator {node} is unknown to the installed onnx package"
        if since not in versions:
            return (
                f"ONNX operator {node} can be imported into {self.framework} for versions "
                f"{', '.join(map(str, sorted(versions)))} only, but the model uses version {since}; export the model with "
                f"opset {max(versions)} or {'later' if since < max(versions) else 'earlier'}"
            )
        return (versions[since],)

    def refusal(self, problem: str, remedy: str = "") -> UnsupportedModel:
        """Return the error with a sentence that says what is wrong and what to do.

        Args:
            problem: what is wrong, with the node or value; used unchanged if it already says what to do.
            remedy: what to do; by default, to use another model for this backend.
        """
        problem = problem.rstrip(".")
        if ";" in problem:
            return UnsupportedModel(f"{problem}.")
        return UnsupportedModel(f"{problem}; {remedy or self._remedy(set())}.")

    def not_built(self, node: Node, inputs: Sequence[str], reason: str = "") -> UnsupportedModel:
        """Return the error about a node that the framework does not build.

        Args:
            node: the node.
            inputs: dtypes and shapes of its inputs, such as `float32[3, 4]`.
            reason: the framework's message, if it is readable.
        """
        given = f" from {listing(inputs)}" if inputs else ""
        said = f" ({reason.rstrip('.')})" if reason else ""
        problem = f"ONNX operator {node} cannot be built with {self.framework}{given}{said}".replace(";", ",")
        free = any("?" in text for text in inputs)
        first = (
            "give the model's free axes sizes with --input" if free else "check the inputs and attributes of that node"
        )
        return self.refusal(problem, f"{first}, or {self._remedy(set())}")

    def check_outputs(self, node: Node, count: int) -> None:
        """Check that a node returned a value for each of its outputs.

        Raises:
            UnsupportedModel: there are fewer values than outputs.
        """
        if count < len(node.outputs) and any(node.outputs[count:]):
            raise self.refusal(f"ONNX operator {node} gives {count} outputs, and {len(node.outputs)} are named")

    def _remedy(self, domains: set[str]) -> str:
        """Return what to do about operators of these domains."""
        other = f"give this backend another model with --model {self.framework.lower()}=FILE"
        foreign = sorted(domains.difference(DEFAULT_DOMAINS))
        if not foreign:
            return other
        fused = "com.microsoft" in foreign
        source = "the file from before ONNX Runtime fused its operators" if fused else "a file without them"
        return f"operators of {listing(foreign)} are not standard ONNX; use {source}, or {other}"

    def covers(self, op_type: str, since: int) -> bool:
        """Return whether there is a handler for that schema version of an operator of ONNX's own domain."""
        return since in self._handlers.get(op_type, ())

    @property
    def operators(self) -> Mapping[str, tuple[int, ...]]:
        """The operators with the schema versions covered."""
        return {name: tuple(sorted(versions)) for name, versions in sorted(self._handlers.items())}
