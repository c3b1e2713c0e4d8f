"""The manifests of the page on clusters: each is read as its own program would, and its command as ours does."""

import re
import shlex
import subprocess

import pytest
import yaml

from command_lines import parse
from forecast.experiment.panels.panel_forecast import Share
from places import ROOT

PAGE = (ROOT / "docs/how-to/cluster.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (.*?)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))


def block(title, language):
    return re.search(rf"```{language}\n(.*?)```", SECTIONS[title], re.DOTALL)[1]


def read(command, **values):
    """Returns what our program makes of a command once the shell has filled in its variables."""
    done = subprocess.run(
        ["sh", "-c", f"forecast() {{ printf '%s\\n' \"$@\"; }}\n{command}"],
        env={name: str(value) for name, value in values.items()}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return parse(done.stdout.splitlines())


def test_array_of_slurm_covers_every_share_once():
    script = block("An array of Slurm", "sh")
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
    options = dict(re.findall(r"^#SBATCH --([\w-]+)=(.+)$", script, re.MULTILINE))
    first, last = map(int, options["array"].split("-"))
    shares = [Share.parse(read(script, SLURM_ARRAY_TASK_ID=number)[1]["shard"]) for number in (first, last)]
    assert shares == [Share(1, last), Share(last, last)]
    assert options.keys() == {"job-name", "array", "cpus-per-task", "mem", "time"}


def test_indexed_job_of_kubernetes_covers_every_share_once():
    (job,) = yaml.safe_load_all(block("An indexed job of Kubernetes", "yaml"))
    assert (job["apiVersion"], job["kind"], job["spec"]["completionMode"]) == ("batch/v1", "Job", "Indexed")
    pod = job["spec"]["template"]["spec"]
    assert pod["restartPolicy"] == "Never"  # as an index that may fail wants it
    (container,) = pod["containers"]
    assert [each["name"] for each in container["volumeMounts"]] == [each["name"] for each in pod["volumes"]]
    count, (command,) = job["spec"]["completions"], container["args"]
    found = [read(command, JOB_COMPLETION_INDEX=index) for index in (0, count - 1)]
    assert [Share.parse(values["shard"]) for _, values in found] == [Share(1, count), Share(count, count)]
    assert {name for name, _ in found} == {"predict"}


@pytest.mark.parametrize("program", ["scheduler", "worker"])
def test_dask_knows_the_options_that_start_it_over_ssh(program):
    script = block("Dask over SSH", "sh")
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
    line = next(line for line in script.splitlines() if f"dask {program}" in line)
    from importlib import import_module

    known = {
        name
        for each in import_module(f"distributed.cli.dask_{program}").main.params
        for name in (*each.opts, *each.secondary_opts)
    }
    assert {word for word in shlex.split(line) if word.startswith("--")} <= known
    assert {"--tls-ca-file", "--tls-cert", "--tls-key"} <= known


def test_command_of_the_cluster_is_one_of_ours():
    line = next(line for line in block("Dask over SSH", "sh").splitlines() if line.startswith("forecast "))
    name, values = parse(shlex.split(line)[1:])
    assert name == "predict"
    assert values["cluster"] in block("Dask over SSH", "sh").partition("dask worker ")[2]
