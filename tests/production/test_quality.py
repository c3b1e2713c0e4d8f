import pytest

from forecast.errors import ExitCode, UsageError
from forecast.production.quality import (
    LiveFigures,
    below_naive,
    broken,
    figures_of,
    gate_error,
    read_rules,
    unjudged,
)
from forecast.production.store.run_record import RunRecord

DAY = 86_400
FIGURES = LiveFigures(skill=-0.09, rmse=211.4, coverage=0.58, bias=-12.0, points=84, age=40 * DAY)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("skill<0", "skill is -9.0 % (skill<0)"),
        ("skill < -5%", "skill is -9.0 % (skill < -5%)"),
        ("Skill<=-0.09", "skill is -9.0 % (Skill<=-0.09)"),
        ("rmse>200", "rmse is 211.40 (rmse>200)"),
        ("coverage<60%", "coverage is 58.0 % (coverage<60%)"),
        ("bias<-10", "bias is -12.000 (bias<-10)"),
        ("age>30d", "the champion's age is 40 days (age>30d)"),
        ("age >= 1mo", "the champion's age is 40 days (age >= 1mo)"),
    ],
)
def test_a_broken_rule_is_said_with_what_is_true(rule, said):
    assert broken(read_rules([rule]), FIGURES) == (said,)


@pytest.mark.parametrize("rule", ["skill<-10%", "rmse>211.4", "rmse>=212", "coverage<0.58", "bias>0", "age>41d"])
def test_a_rule_that_holds_is_no_alarm(rule):
    assert broken(read_rules([rule]), FIGURES) == ()


def test_rules_stand_in_a_list_or_come_one_by_one():
    rules = read_rules(["skill<0, rmse>300", "age>30d"])
    assert [rule.text for rule in rules] == ["skill<0", "rmse>300", "age>30d"]
    assert len(broken(rules, FIGURES)) == 2


@pytest.mark.parametrize(
    ("rule", "message", "hint"),
    [
        ("skil<0", "'skil' is no figure. Did you mean 'skill'?", "skill, rmse, coverage, bias, age"),
        ("coverag<0.5", "Did you mean 'coverage'?", "rmse>200"),
        ("skill", "is no rule", "skill<0"),
        ("", "is no rule", "skill<0"),
        ("skill=0", "compares by <, <=, > or >=, not =", "skill<0"),
        ("skill<", "'' is no number", "skill<0"),
        ("skill<nan", "'nan' is no number", "skill<0"),
        ("rmse>inf", "'inf' is no number", "skill<0"),
        ("rmse>5%", "rmse is in the target's unit", "rmse>10"),
        ("coverage<60", "coverage goes from 0 to 1", "coverage<60%"),
        ("skill<5", "skill is 1 at most", "skill<5%"),
        ("age>30", "'30' is not a length of time", "age>30d"),
        ("age>soon", "'soon' is not a length of time", "age>30d"),
    ],
)
def test_what_is_no_rule_is_refused_with_one_that_is(rule, message, hint):
    with pytest.raises(UsageError) as caught:
        read_rules([rule])
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_what_is_not_known_is_no_alarm_and_is_told():
    nothing = LiveFigures(age=3.0)
    rules = read_rules(["skill<0,coverage<60%,age>30d"])
    assert broken(rules, nothing) == ()
    assert unjudged(rules, nothing) == ("skill<0", "coverage<60%")


def test_a_champion_below_the_naive_is_said_where_enough_came_true():
    assert below_naive(FIGURES) == (
        "Live, the champion is worse than seasonal naive: its error is 9.0 % higher (84 points of late)"
    )
    assert below_naive(LiveFigures(skill=-0.09, points=9)) == ""
    assert below_naive(LiveFigures(skill=0.0, points=84)) == ""
    assert below_naive(LiveFigures()) == ""


def test_the_record_of_a_run_keeps_the_figures():
    assert figures_of(RunRecord(**FIGURES.facts()), FIGURES.age) == FIGURES
    assert figures_of(RunRecord()) == LiveFigures()


def test_a_failed_gate_exits_with_seven_and_names_the_model():
    error = gate_error("shop", ["skill is -9.0 % (skill<0)"])
    assert error.exit_code == ExitCode.QUALITY_GATE
    assert error.message == "shop: skill is -9.0 % (skill<0)."
