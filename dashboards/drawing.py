"""Questions drawn as panels by the builders of Grafana's SDK."""

from collections.abc import Callable, Mapping, Sequence

from grafana_foundation_sdk.builders import common as parts
from grafana_foundation_sdk.builders import (
    dashboard,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    GridPos,
    Panel,
    Threshold,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.question import Ask, Line, Look, Question

SOURCE = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
HIDDEN = {"Time": True, "__name__": True}
LABELS = {"cluster": "Cluster", "namespace": "Namespace", "scaledobject": "Workload"}
WORKLOAD_URL = (
    "/d/forescale-workload?var-datasource=${datasource}"
    "&var-namespace=${__data.fields.Namespace}&var-workload=${__data.fields.Workload}"
)

AnyPanel = timeseries.Panel | stat.Panel | statetimeline.Panel | table.Panel


def draw(question: Question, *, place: GridPos) -> Panel:
    """Return the panel of a question at its place."""
    panel = (
        DRAWN[question.look](question)
        .id(question.number)
        .title(question.title)
        .description(question.description)
        .datasource(SOURCE)
        .grid_pos(place)
        .unit(question.unit)
        .thresholds(_thresholds(question))
        .no_value(question.nothing)
        .targets(_targets(question))
    )
    if question.decimals is not None:
        panel.decimals(question.decimals)
    if question.opens_workload:
        panel.data_links([dashboard.DashboardLink("Open the workload").url(WORKLOAD_URL)])
    return panel.build()


def _thresholds(question: Question) -> dashboard.ThresholdsConfig:
    steps = [Threshold(value=value, color=color) for value, color in question.steps]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def _targets(question: Question) -> list[Builder[Dataquery]]:
    return [_target(ask, number=number, look=question.look) for number, ask in _listed(question)]


def _listed(question: Question) -> Sequence[tuple[str, Ask]]:
    return [(chr(ord("A") + position), ask) for position, ask in enumerate(question.asks)]


def _target(ask: Ask, *, number: str, look: Look) -> prometheus.Dataquery:
    query = prometheus.Dataquery().datasource(SOURCE).ref_id(number).expr(ask.expr)
    query.legend_format(ask.legend)
    if look in (Look.NUMBER, Look.TABLE):
        query.instant()
    else:
        query.range()
    if look is Look.TABLE:
        query.format(PromQueryFormat.TABLE)
    return query


def _lines(question: Question) -> timeseries.Panel:
    stacked = question.look is Look.STACK
    panel = (
        timeseries.Panel()
        .legend(_legend())
        .tooltip(_tooltip())
        .line_width(1)
        .fill_opacity(40 if stacked else 0)
        .show_points(common.VisibilityMode.NEVER)
        .span_nulls(False)
    )
    if stacked:
        panel.stacking(parts.StackingConfig().mode(common.StackingMode.NORMAL))
    if question.least is not None:
        panel.min(question.least)
    if question.most is not None:
        panel.max(question.most)
    if len(question.steps) > 1:
        style = parts.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED)
        panel.thresholds_style(style)
    for name, line in question.lines.items():
        panel.override_by_name(name, _properties(line))
    return panel


def _properties(line: Line) -> list[DynamicConfigValue]:
    found: Mapping[str, object] = {
        "color": {"mode": "fixed", "fixedColor": line.color},
        "custom.lineWidth": line.width,
        **({"custom.lineStyle": {"fill": "dash", "dash": [8, 6]}} if line.dashed else {}),
        **({"custom.fillBelowTo": line.down_to, "custom.fillOpacity": 15} if line.down_to else {}),
    }
    return [DynamicConfigValue(id_val=name, value=value) for name, value in found.items()]


def _number(question: Question) -> stat.Panel:
    mode = common.BigValueTextMode.NAME if question.names else common.BigValueTextMode.AUTO
    return (
        stat.Panel()
        .graph_mode(common.BigValueGraphMode.NONE)
        .color_mode(common.BigValueColorMode.VALUE)
        .text_mode(mode)
        .reduce_options(parts.ReduceDataOptions().calcs(["lastNotNull"]))
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.THRESHOLDS))
    )


def _states(question: Question) -> statetimeline.Panel:
    return (
        statetimeline.Panel()
        .legend(_legend())
        .tooltip(_tooltip())
        .merge_values(True)
        .show_value(common.VisibilityMode.NEVER)
        .fill_opacity(70)
        .line_width(0)
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.THRESHOLDS))
    )


def _table(question: Question) -> table.Panel:
    columns = {**LABELS, **question.columns, **_values(question)}
    panel = (
        table.Panel()
        .cell_height(common.TableCellHeight.SM)
        .cell_options(common.TableAutoCellOptions())
        .filterable(True)
        .with_transformation(DataTransformerConfig(id_val="merge", options={}))
        .with_transformation(_organized(columns))
        .footer(parts.TableFooterOptions().enable_pagination(True))
    )
    for name, unit in question.units.items():
        panel.override_by_name(name, [DynamicConfigValue(id_val="unit", value=unit)])
    return panel


def _values(question: Question) -> Mapping[str, str]:
    """What Grafana calls the values of several queries, or of one, and what we call them."""
    if len(question.asks) == 1:
        return {"Value": question.asks[0].legend}
    return {f"Value #{number}": ask.legend for number, ask in _listed(question)}


def _organized(columns: Mapping[str, str]) -> DataTransformerConfig:
    order = {name: position for position, name in enumerate(columns)}
    options = {"excludeByName": HIDDEN, "indexByName": order, "renameByName": dict(columns)}
    return DataTransformerConfig(id_val="organize", options=options)


def _legend() -> parts.VizLegendOptions:
    return (
        parts.VizLegendOptions()
        .display_mode(common.LegendDisplayMode.LIST)
        .placement(common.LegendPlacement.BOTTOM)
        .show_legend(True)
    )


def _tooltip() -> parts.VizTooltipOptions:
    return (
        parts.VizTooltipOptions()
        .mode(common.TooltipDisplayMode.MULTI)
        .sort(common.SortOrder.DESCENDING)
    )


DRAWN: Mapping[Look, Callable[[Question], AnyPanel]] = {
    Look.LINES: _lines,
    Look.STACK: _lines,
    Look.NUMBER: _number,
    Look.STATES: _states,
    Look.TABLE: _table,
}
