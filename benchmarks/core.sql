-- Cohort and outcomes as somebody who writes SQL would make them, from canonical tables, for DuckDB and SQLite.
-- Tables: spells (with rank, the precedence of the state), persons (with born, as 19910301), residence, earnings,
-- calendar (day, ymd as 20210301, month), municipalities (municipality, arm); {name} are numbers of the study.
CREATE TABLE states AS
WITH cuts AS (SELECT person_id, "start" AS day FROM spells UNION SELECT person_id, "end" FROM spells),
parts AS (
  SELECT person_id, day AS "start", LEAD(day) OVER (PARTITION BY person_id ORDER BY day) AS "end" FROM cuts
)
SELECT p.person_id, p."start", p."end", MIN(s.rank) AS state
FROM parts p JOIN spells s
  ON s.person_id = p.person_id AND s."start" <= p."start" AND s."end" >= p."end"
GROUP BY p.person_id, p."start", p."end";

CREATE TABLE unemployed AS
SELECT person_id, MIN("start") AS "start", MAX("end") AS "end" FROM (
  SELECT *, SUM(new) OVER (PARTITION BY person_id ORDER BY "start") AS island FROM (
    SELECT *, CASE WHEN "start" = LAG("end") OVER (PARTITION BY person_id ORDER BY "start") THEN 0 ELSE 1 END AS new
    FROM states WHERE state = 4
  ) marked
) numbered GROUP BY person_id, island;

CREATE TABLE jobless AS  -- lay-offs included
SELECT person_id, MIN("start") AS "start", MAX("end") AS "end" FROM (
  SELECT *, SUM(new) OVER (PARTITION BY person_id ORDER BY "start") AS island FROM (
    SELECT *, CASE WHEN "start" = LAG("end") OVER (PARTITION BY person_id ORDER BY "start") THEN 0 ELSE 1 END AS new
    FROM states WHERE state IN (2, 4)
  ) marked
) numbered GROUP BY person_id, island;

CREATE TABLE episodes AS
SELECT e.person_id, e."start" AS day, c.month AS month, r.municipality AS municipality
FROM unemployed e
JOIN persons p ON p.person_id = e.person_id
JOIN calendar c ON c.day = e."start"
JOIN residence r ON r.person_id = e.person_id AND r."start" <= e."start" AND r."end" > e."start"
JOIN municipalities m ON m.municipality = r.municipality
WHERE m.arm IN ('pilot', 'comparison', 'possible_pilot')
  AND e."start" >= {first} AND e."start" <= {last}
  AND e."start" - 730 >= {observed_from}
  AND (c.ymd - p.born) / 10000.0 >= {youngest} AND (c.ymd - p.born) / 10000.0 < {oldest} + 1
  AND NOT EXISTS (
    SELECT 1 FROM states s
    WHERE s.person_id = e.person_id AND s.state IN (0, 1, 4)
      AND s."start" < e."start" AND s."end" > e."start" - 90
  );

CREATE TABLE measured AS
SELECT e.person_id, e.day,
  SUM(CASE WHEN s.state IN (2, 4) AND s."start" < e.day AND s."end" > e.day - 730
      THEN LEAST(s."end", e.day) - GREATEST(s."start", e.day - 730) ELSE 0 END) AS unemployed_days_24m_before,
  SUM(CASE WHEN s.state = 1 AND s."start" < e.day AND s."end" > e.day - 730
      THEN LEAST(s."end", e.day) - GREATEST(s."start", e.day - 730) ELSE 0 END) AS service_days_24m_before,
  MAX(CASE WHEN s.state = 3 AND s."start" <= e.day + 365 AND s."end" > e.day + 365 THEN 1 ELSE 0 END)
    AS open_employment_12m,
  MAX(CASE WHEN s.state = 3 AND s."start" <= e.day + 730 AND s."end" > e.day + 730 THEN 1 ELSE 0 END)
    AS open_employment_24m,
  SUM(CASE WHEN s.state = 3 AND s."start" < e.day + 365 AND s."end" > e.day
      THEN LEAST(s."end", e.day + 365) - GREATEST(s."start", e.day) ELSE 0 END) AS open_employment_days_12m,
  SUM(CASE WHEN s.state = 3 AND s."end" > e.day
      THEN LEAST(s."end", e.day + 730) - GREATEST(s."start", e.day) ELSE 0 END) AS open_employment_days_24m,
  SUM(CASE WHEN s.state = 1 AND s."start" < e.day + 365 AND s."end" > e.day
      THEN LEAST(s."end", e.day + 365) - GREATEST(s."start", e.day) ELSE 0 END) AS service_days_12m,
  SUM(CASE WHEN s.state IN (2, 4) AND s."start" < e.day + 365 AND s."end" > e.day
      THEN LEAST(s."end", e.day + 365) - GREATEST(s."start", e.day) ELSE 0 END) AS unemployed_days_12m,
  SUM(CASE WHEN s.state IN (0, 1, 2, 4) AND s."start" < e.day + 365 AND s."end" > e.day
      THEN LEAST(s."end", e.day + 365) - GREATEST(s."start", e.day) ELSE 0 END) AS broad_unemployed_days_12m
FROM episodes e JOIN states s
  ON s.person_id = e.person_id AND s."start" < e.day + 731 AND s."end" > e.day - 730
GROUP BY e.person_id, e.day;

CREATE TABLE earlier AS
SELECT e.person_id, e.day, COUNT(*) AS earlier_spells_24m
FROM episodes e JOIN jobless j
  ON j.person_id = e.person_id AND j."start" >= e.day - 730 AND j."start" < e.day
GROUP BY e.person_id, e.day;

CREATE TABLE earned AS
SELECT e.person_id, e.day, SUM(w.earnings_eur) AS earnings_12m_before_eur
FROM episodes e JOIN earnings w
  ON w.person_id = e.person_id AND w.month >= e.month - 12 AND w.month < e.month
GROUP BY e.person_id, e.day;

CREATE TABLE answer AS
SELECT m.*, e.municipality, COALESCE(x.earlier_spells_24m, 0) AS earlier_spells_24m,
  COALESCE(w.earnings_12m_before_eur, 0) AS earnings_12m_before_eur
FROM measured m
JOIN episodes e ON e.person_id = m.person_id AND e.day = m.day
LEFT JOIN earlier x ON x.person_id = m.person_id AND x.day = m.day
LEFT JOIN earned w ON w.person_id = m.person_id AND w.day = m.day;
