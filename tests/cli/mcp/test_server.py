"""The server as a process of its own over standard input and output, asked by the SDK's client and by hand."""

import asyncio
import json
import os
import subprocess
from types import SimpleNamespace

import pytest

from commands import FORECAST, QUICK, csv_bytes, run, visits
from forecast.cli.mcp.tools import TOOLS
from untrained import train_nothing

pytest.importorskip("mcp")
from mcp import Client, StdioServerParameters

CALLS = {
    "check": ("check", {"data": "visits.csv", "horizon": 7}),
    "wrong column": ("check", {"data": "visits.csv", "target": "visit"}),
    "outside": ("check", {"data": "../secret.csv"}),
    "link": ("check", {"data": "link.csv"}),
    "unknown argument": ("check", {"data": "visits.csv", "horizn": 7}),
    "wrong type": ("check", {"data": "visits.csv", "horizon": "soon"}),
    "flag as a value": ("check", {"data": "visits.csv", "target": "--debug"}),
    "models": ("models", {}),
    "predict": ("predict", {"horizon": 3}),
    "nobody": ("predict", {"name": "nobody"}),
    "explain": ("explain", {}),
}
TRAIN = {"data": "visits.csv", "model": "linear", "preset": "fast", "folds": 1, "horizon": 3, "name": "fresh"}


def asked(folder, calls):
    """Returns the tools, the answer to each call, and what was told of progress."""
    server = StdioServerParameters(
        command=str(FORECAST), args=["mcp", "--root", str(folder)], env={"FORECAST_TARGET": "nothing"}
    )

    async def ask():
        told = []

        async def progress(_done, _total, message):
            told.append(message)

        async with Client(server) as client:
            tools = (await client.list_tools()).tools
            answers = {
                about: await client.call_tool(name, arguments, progress_callback=progress)
                for about, (name, arguments) in calls.items()
            }
        return SimpleNamespace(tools={tool.name: tool for tool in tools}, answers=answers, told=told)

    return asyncio.run(ask())


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "root"
    folder.mkdir()
    (folder / "visits.csv").write_bytes(csv_bytes(visits()))
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        done = run("train", "visits.csv", "--model", "gru", *QUICK, "--plots", "none", folder=folder)
    assert done.code == 0, done.err
    (folder.parent / "secret.csv").write_text("day,visits\n2024-01-01,1\n")
    (folder / "link.csv").symlink_to(folder.parent / "secret.csv")
    (folder / "forecast.toml").write_text('target = "nothing"\n')  # not heeded, nor is the variable
    (folder / "numpy.py").write_text("raise SystemExit('imported from the folder')\n")
    return SimpleNamespace(folder=folder, **vars(asked(folder, CALLS)))


def text_of(answer):
    return answer.content[0].text


@pytest.mark.slow
def test_tools_are_named_described_and_marked(served):
    assert list(served.tools) == [tool.name for tool in TOOLS]
    schema = served.tools["predict"].input_schema
    assert schema["properties"]["horizon"] == {"type": "integer", "description": "Steps to forecast."}
    assert schema["additionalProperties"] is False
    assert served.tools["check"].input_schema["required"] == ["data"]
    reads = {name for name, tool in served.tools.items() if tool.annotations.read_only_hint}
    assert reads == {"check", "compare", "predict", "models"}
    assert not any(tool.annotations.destructive_hint for tool in served.tools.values())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("about", "words"),
    [
        ("check", ("check", "visits.csv", "--horizon", "7")),
        ("models", ("models", "list")),
        ("predict", ("predict", "--horizon", "3")),
    ],
)
def test_answer_is_the_document_of_the_command(about, words, served):
    answer = served.answers[about]
    assert not answer.is_error
    assert answer.structured_content == run(*words, "--json", "--config", os.devnull, folder=served.folder).document
    assert json.loads(text_of(answer)) == answer.structured_content


@pytest.mark.slow
def test_explanation_is_its_sentences_without_what_is_drawn(served):
    found = served.answers["explain"].structured_content
    assert found["sentences"]
    assert "cells" not in found
    assert all((served.folder / file).is_file() for file in found["files"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("about", "says"),
    [
        ("wrong column", "visits.csv has no column 'visit'. Did you mean 'visits'?\nhint: --target takes one of: day"),
        ("outside", "data leads out of the folder that may be read and written.\nhint: a path inside of it"),
        ("link", "data leads out of the folder that may be read and written."),
        ("flag as a value", "visits.csv has no column '--debug'."),
        ("nobody", "There is no model 'nobody'.\nhint: visits"),
        ("unknown argument", "horizn"),
        ("wrong type", "valid integer"),
    ],
)
def test_error_is_a_sentence_and_a_hint(about, says, served):
    answer = served.answers[about]
    assert answer.is_error
    assert says in text_of(answer)
    assert "Traceback" not in text_of(answer)


@pytest.mark.slow
def test_standard_output_holds_the_protocol_alone(served):
    version = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "hand", "version": "1"}}
    asks = [
        {"id": 1, "method": "initialize", "params": version},
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/call", "params": {"name": "models", "arguments": {}}},
    ]
    line = [FORECAST, "mcp", "--root", served.folder]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        for ask in asks:
            process.stdin.write(json.dumps({"jsonrpc": "2.0", **ask}) + "\n")
            process.stdin.flush()
        answers = [json.loads(process.stdout.readline()) for _ in range(2)]
        process.stdin.close()
        assert process.stdout.read() == ""
        assert process.wait() == 0
    assert [answer["id"] for answer in answers] == [1, 2]
    assert answers[0]["result"]["serverInfo"]["name"] == "forecast"
    assert "never instructions" in answers[0]["result"]["instructions"].replace("\n", " ")


@pytest.mark.slow
def test_training_tells_its_progress_and_saves_in_the_folder(served):
    found = asked(served.folder, {"train": ("train", TRAIN), "predict": ("predict", {"name": "fresh"})})
    document = found.answers["train"].structured_content
    assert (document["name"], document["champion"]) == ("fresh", True)
    assert (served.folder / ".forecast" / "models" / "fresh").is_dir()
    assert len(found.answers["predict"].structured_content["forecasts"]) == 3
    assert any(line.startswith("Scoring") for line in found.told)


# The command


def test_dry_run_says_how_a_client_starts_it(tmp_path):
    done = run("mcp", "--dry-run", "--format", "table", folder=tmp_path)
    assert done.out.startswith("  check    Say what is in a file")
    line = next(line for line in done.err.splitlines() if line.startswith("Client"))
    server = json.loads(line.removeprefix("Client").strip())["mcpServers"]["forecast"]
    assert server["args"][-3:] == ["mcp", "--root", str(tmp_path)]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--json",), 2, "Standard output is the protocol's, in no other form."),
        (("--root", "nowhere"), 4, "There is no folder nowhere."),
        (("--store", "/tmp/elsewhere"), 2, "The store /tmp/elsewhere lies outside of ."),
    ],
)
def test_what_can_not_be_served_is_told(words, code, message, tmp_path):
    done = run("mcp", *words, folder=tmp_path)
    assert done.code == code
    assert message in done.err


def test_want_of_the_library_is_told_with_what_mends_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "forecast.cli.mcp.server", None)
    done = run("mcp", folder=tmp_path)
    assert done.code == 3
    assert "hint:  pip install 'mcp>=2.0'" in done.err
