"""`python -m kept.policy.sop.check FILE`: an SOP's problems, without the rest of the house."""

import sys

from kept.policy.errors import Problem
from kept.policy.sop.lower import compile_sop


def main(paths: list[str]) -> int:
    """Print every problem; 1 when one of them is an error."""
    answer = 0
    for path in paths:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:  # noqa: PTH123 - the policy imports no pathlib
            compiled = compile_sop(file.read(), name=path)
        for problem in compiled.problems:
            sys.stdout.write(told(problem) + "\n")
        answer |= compiled.policy is None
        sys.stdout.write(f"{path}: {'fails' if compiled.policy is None else 'compiles'}\n")
    return answer


def told(problem: Problem) -> str:
    """Return a problem as people read it: the place, the line, a caret, the other line."""
    first = f"{problem.file}:{problem.line}:{problem.column} {problem.code} {problem.message}"
    first += f" in {problem.clause}" if problem.clause else ""
    first += f" - {problem.advice}" if problem.advice else ""
    if problem.severity == "warning":
        first = first.replace(f" {problem.code} ", f" {problem.code} (warning) ", 1)
    caret = " " * (problem.column - 1) + "^"
    lines = [first, f"    {problem.source_line}", f"    {caret}"]
    if problem.other_line is not None:
        lines.append(f"    see line {problem.other_line}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
