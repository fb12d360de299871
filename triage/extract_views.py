"""The views of an audit extract, in plain SQLite: they count its facts as the board does."""

COUNTED = """
    FROM facts
    JOIN parts ON parts.measure = facts.measure
    JOIN metrics ON metrics.code = parts.metric
    JOIN period
    WHERE facts.day_on >= date(period.first_on, '-' || metrics.maturity_days || ' days')
        AND facts.day_on <= date(
            CASE WHEN metrics.maturity_days > 0 THEN MIN(period.last_on, period.today_on) ELSE period.last_on END,
            '-' || metrics.maturity_days || ' days')"""
K_AND_N = """SUM(CASE WHEN parts.side = 'k' AND (parts.met = '' OR facts.met = (parts.met = 'yes')) THEN facts.n ELSE 0 END) AS k,
        SUM(CASE WHEN parts.side = 'n' THEN facts.n ELSE 0 END) AS n"""
RATES = f"""
    SELECT metric, watch, step, k, n, 1.0 * k / n AS rate
    FROM (
        SELECT parts.metric, parts.watch, parts.step, {K_AND_N} {COUNTED}
        GROUP BY parts.metric, parts.watch, parts.step) AS counted
    WHERE n > 0"""
RATES_BY_UNIT = f"""
    SELECT metric, watch, step, unit_code, k, n, 1.0 * k / n AS rate
    FROM (
        SELECT parts.metric, parts.watch, parts.step, facts.unit_code, {K_AND_N} {COUNTED}
        GROUP BY parts.metric, parts.watch, parts.step, facts.unit_code) AS counted
    WHERE n > 0"""
# How long the steps took, by clock (`took`) and band: how many are in the band, and how many in all bands up to it.
BANDS = """
    SELECT took, watch_and_step, low_seconds, high_seconds, many, seconds,
        SUM(many) OVER (PARTITION BY took, watch_and_step) AS total,
        SUM(many) OVER (PARTITION BY took, watch_and_step ORDER BY high_seconds) AS up_to
    FROM (
        SELECT substr(facts.measure, 1, instr(facts.measure, '.') - 1) AS took,
            substr(facts.measure, instr(facts.measure, '.') + 1) AS watch_and_step,
            classes.low_seconds, classes.high_seconds, COUNT(*) AS many, SUM(facts.amount) AS seconds
        FROM facts
        JOIN period
        JOIN classes ON classes.class = facts.trait
        WHERE (facts.measure LIKE 'duration.%' OR facts.measure LIKE 'worked.%') AND facts.day_on BETWEEN period.first_on AND period.last_on
        GROUP BY facts.measure, classes.class) AS counted"""
# Just one band holds the wanted share of the steps; it lies between the band's bounds as `triage.metrics.Durations.quantile` puts it.
OF_BANDS = """
    SELECT watch_and_step, total AS n, SUM(seconds) / total AS mean_seconds,
        MAX(CASE WHEN up_to >= 0.5 * total AND up_to - many < 0.5 * total
            THEN low_seconds + (high_seconds - low_seconds) * (0.5 * total - (up_to - many)) / many END) AS median_seconds,
        MAX(CASE WHEN up_to >= 0.9 * total AND up_to - many < 0.9 * total
            THEN low_seconds + (high_seconds - low_seconds) * (0.9 * total - (up_to - many)) / many END) AS p90_seconds
    FROM duration_bands"""
DURATIONS = f"""{OF_BANDS}
    WHERE took = 'duration'
    GROUP BY watch_and_step, total"""
WORKED = f"""{OF_BANDS}
    WHERE took = 'worked'
    GROUP BY watch_and_step, total"""
EXCLUDED = """
    SELECT trait AS why, COUNT(*) AS n
    FROM facts
    JOIN period
    WHERE measure = 'excluded' AND day_on BETWEEN first_on AND last_on
    GROUP BY trait"""
# What the lines of the service index count; a line that takes nothing is left out, as it is on the board.
INDEX_COUNTS = """
    WITH counted AS (
        SELECT
            COALESCE(SUM(CASE WHEN measure = 'handled' THEN n END), 0) AS handled,
            COALESCE(SUM(CASE WHEN measure = 'event' THEN amount END), 0) AS thrice,
            COALESCE(SUM(CASE WHEN measure = 'satisfaction' THEN n END), 0) AS rated,
            COALESCE(SUM(CASE WHEN measure = 'satisfaction' THEN met END), 0) AS satisfied
        FROM facts
        JOIN period
        WHERE day_on BETWEEN first_on AND last_on AND measure IN ('handled', 'event', 'satisfaction'))"""
INDEX_LINES = f"""{INDEX_COUNTS}
    SELECT line, CAST(thrice AS INTEGER) AS cases, handled AS of_n, points * (1 - 1.0 * thrice / handled) AS points
    FROM index_rules
    JOIN counted
    WHERE line = 'base' AND handled > 0
    UNION ALL
    SELECT line, satisfied, rated, -points * (target - 1.0 * satisfied / rated)
    FROM index_rules
    JOIN counted
    WHERE line = 'satisfaction' AND handled > 0 AND rated > 0 AND 1.0 * satisfied / rated < target
    UNION ALL
    SELECT index_rules.line, COUNT(*), NULL, -index_rules.points * COUNT(*)
    FROM index_rules
    JOIN index_cases ON index_cases.line = index_rules.line AND index_cases.is_revoked = 0
    JOIN counted
    WHERE handled > 0
    GROUP BY index_rules.line, index_rules.points"""
INDEX = """
    SELECT SUM(points) AS points, MAX(CASE WHEN line = 'base' THEN of_n END) AS handled
    FROM service_index_lines
    HAVING COUNT(*) > 0"""
OF_ONE_METRIC = """
    SELECT metric, watch, step, k, n, rate
    FROM rates
    WHERE metric = ?"""
# In the order in which they are made: a view reads those before it.
VIEW_SQL = {
    "rates": RATES,
    "rates_by_unit": RATES_BY_UNIT,
    "duration_bands": BANDS,
    "durations": DURATIONS,
    "worked": WORKED,
    "excluded": EXCLUDED,
    "service_index_lines": INDEX_LINES,
    "service_index": INDEX,
}
