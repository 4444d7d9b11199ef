"""Files as they come: several documents, lists, other kinds, configurations, broken ones."""

import json
from typing import Any

import attrs
import pytest

from scaler.config.check.finding import Code, Finding, Severity
from scaler.config.check.report import check
from scaler.config.settings import Settings
from tests.unit.check.objects import METADATA, changed, found, put, report, right

WRITTEN = """\
# a comment
kind: ConfigMap
apiVersion: v1
metadata: {name: other}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: llama
spec:
  scaleTargetRef:
    name: llama
  triggers:
    - type: external
      metadata:
        scalerAddress: forescale-headless:9090
        engine: vllm
        mode: on
        haedroom: "0.5"
"""


def one(code: Code, findings: tuple[Finding, ...]) -> Finding:
    (finding,) = [each for each in findings if each.code is code]
    return finding


def test_findings_say_where_they_are() -> None:
    finding = one(Code.UNKNOWN, found(WRITTEN))
    assert ("file.yaml", 2, 19) == (finding.file, finding.document, finding.line)
    assert ("default/llama", "haedroom") == (finding.about, finding.key)


def test_what_is_missing_is_where_it_should_be() -> None:
    assert 10 == one(Code.NO_ACTIVATION, found(WRITTEN)).line


def test_unquoted_values_are_named_as_they_were_written() -> None:
    finding = one(Code.UNQUOTED, found(WRITTEN))
    assert ("mode", "on", 'write mode: "on"', 18) == (
        finding.key,
        finding.value,
        finding.do,
        finding.line,
    )


def test_lists_of_objects_are_looked_into() -> None:
    wrong = right()
    put(wrong, f"{METADATA}.headroom", "2")
    listed = {"apiVersion": "v1", "kind": "List", "items": [right(), {}, "x", wrong]}
    text = json.dumps(listed, indent=1)
    findings = found(text)
    assert [Code.SAME_TARGET, Code.BAD_VALUE] == [each.code for each in findings]
    assert '"headroom"' in text.splitlines()[findings[1].line - 1]


def test_triggers_of_others_are_left_alone() -> None:
    theirs = {"type": "external", "metadata": {"scalerAddress": "x:1", "accountName": "mine"}}
    document = changed(spec__triggers=[theirs])
    assert [Code.NOTHING] == [each.code for each in found(document)]


def test_nothing_to_check_is_a_mistake() -> None:
    (finding,) = found("kind: Deployment\napiVersion: apps/v1", "- a list", "")
    assert (Code.NOTHING, Severity.ERROR) == (finding.code, finding.severity)


def test_kind_that_is_misspelled_is_not_passed_over() -> None:
    finding = one(Code.UNKNOWN, found(changed(kind="ScaledObjects")))
    assert "did you mean 'ScaledObject'?" == finding.do


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: [", 1),
        ("a: 1\nb: {{ .Values.x }}\nc: {{ y }}: z", 3),
        ("when: 2024-13-45", 0),
        ("a: \x01", 0),
        ("&a [*b]", 1),
    ],
)
def test_what_is_no_yaml_is_named_with_its_line(text: str, line: int) -> None:
    finding = one(Code.UNREADABLE, found(text))
    assert line == finding.line


def test_bytes_that_are_no_text_are_a_finding() -> None:
    found = check({"x": b"\xff\xfe\x00"}, settings=None, namespace="default").findings
    assert Code.UNREADABLE in {each.code for each in found}


def test_documents_before_the_broken_one_are_checked() -> None:
    codes = [each.code for each in found(right(), "a: [")]
    assert [Code.UNREADABLE] == codes


def test_structures_that_contain_themselves_end() -> None:
    assert [Code.NOTHING] == [each.code for each in found("a: &a [*a]")]


def test_keys_given_twice_are_a_mistake() -> None:
    finding = one(Code.REPEATED, found("defaults:\n  headroom: '0.5'\n  headroom: '0.6'"))
    assert ("defaults.headroom", 3) == (finding.key, finding.line)


def test_objects_of_odd_shapes_are_no_crash() -> None:
    specs: list[Any] = [None, [], "x", {"triggers": {}}, {"triggers": [None, {"metadata": []}]}]
    for spec in specs:
        assert [Code.NOTHING] == [each.code for each in found(changed(spec=spec))]


def test_without_a_configuration_names_are_taken_on_trust() -> None:
    document = right()
    put(document, f"{METADATA}.prometheus", "thanos")
    put(document, f"{METADATA}.profile", "of-our-own")
    assert [Code.UNSEEN_CONFIG] == [each.code for each in found(document, settings=None)]


def test_profile_that_is_nearly_a_shipped_one_is_not_trusted() -> None:
    document = right()
    put(document, f"{METADATA}.profile", "realtme")
    finding = one(Code.BAD_VALUE, found(document, settings=None))
    assert "did you mean 'realtime'?" == finding.do


def test_objects_are_held_against_the_configuration_beside_them() -> None:
    document = right()
    put(document, f"{METADATA}.prometheus", "tanos")
    finding = one(
        Code.BAD_VALUE, found("sources: {thanos: {url: 'http://x'}}", document, settings=None)
    )
    assert ("prometheus", "did you mean 'thanos'?") == (finding.key, finding.do)


def test_configuration_has_mistakes_with_their_lines() -> None:
    findings = found("settle: 1h\nlog:\n  levvel: info\nworkloads:\n- name: a\n", settings=None)
    assert [
        (Code.UNKNOWN, "log.levvel", 3, "did you mean 'level'?"),
        (Code.BAD_VALUE, "workloads[0].namespace", 5, ""),
    ] == [(each.code, each.key, each.line, each.do) for each in findings]


@pytest.mark.parametrize(
    ("text", "code", "key"),
    [
        ("freeze: true", Code.FROZEN, "freeze"),
        (
            "sources: {a: {url: 'https://x', tls: {insecureSkipVerify: true}}}",
            Code.INSECURE,
            "sources.a.tls.insecureSkipVerify",
        ),
        ("sources: {a: {url: 'http://x', scrapeInterval: 1m}}", Code.SETTLE, "settle"),
    ],
)
def test_configuration_has_traps(text: str, code: Code, key: str) -> None:
    (finding,) = found(text, settings=None)
    assert (code, key) == (finding.code, finding.key)


def test_good_configuration_is_clean() -> None:
    checked = report("sources: {default: {url: 'http://x'}}\nlog: {level: debug}", settings=None)
    assert ((), 0, 1) == (checked.findings, checked.objects, checked.configurations)


def test_one_configuration_among_the_files_is_what_objects_are_read_by() -> None:
    config = "sources: {default: {url: 'http://x'}}"
    (asked,) = report(config, right(), settings=None).asked
    assert "http://x" == asked.settings.sources["default"].url
    assert asked.reachable


def test_only_what_is_wholly_understood_can_be_looked_at() -> None:
    wrong = changed(metadata__name="wrong", spec__scaleTargetRef__name="wrong")
    put(wrong, f"{METADATA}.headroom", "2")
    asked = report(right(), wrong).asked
    assert ["models/llama"] == [str(each.workload.key) for each in asked]
    assert asked[0].reachable
    assert not attrs.evolve(asked[0], settings=Settings()).reachable
