// How values are told: units, headings, names and colours, as the dashboard's JSON says.
"use strict";

const COLOURS = { green: "#73bf69", red: "#f2495c", orange: "#ff9830", blue: "#5794f2", purple: "#b877d9", text: "#ccccdc", transparent: "transparent" };
const LOCALE = SHOWN.language === "es" ? "es-MX" : "en-GB";
const colour = (name) => COLOURS[name] ?? name;

const number = (value, decimals) =>
  value.toLocaleString(LOCALE, { maximumFractionDigits: decimals ?? (Math.abs(value) < 10 ? 2 : Math.abs(value) < 1000 ? 1 : 0), minimumFractionDigits: decimals ?? 0 });
const seconds = (value, decimals) => {
  const size = Math.abs(value);
  if (size >= 2 * 86400) return number(value / 86400, 1) + " d";
  if (size >= 2 * 3600) return number(value / 3600, 1) + " h";
  if (size >= 180) return number(value / 60, 1) + " min";
  return number(value, decimals ?? 1) + " s";
};
const clock = (value) => new Date(value * 1000).toLocaleString(LOCALE, { timeZone: "America/Mexico_City", hour12: false });
const UNITS = {
  percentunit: (v, d) => number(v * 100, d ?? 0) + " %", s: seconds, dateTimeAsLocal: clock, d: (v) => number(v, 0) + " d",
  celsius: (v, d) => number(v, d) + " °C", pressurebar: (v, d) => number(v, d) + " bar", rotrpm: (v, d) => number(v, d) + " rpm",
  kwatth: (v, d) => number(v, d) + " kWh", bool_yes_no: (v) => (v ? (SHOWN.language === "es" ? "Sí" : "Yes") : "No"),
};

/** All that is said of one column of a panel: the panel's own words, and those for the column. */
function said(panel, column) {
  const config = panel.fieldConfig ?? {};
  const of = { ...config.defaults };
  for (const one of config.overrides ?? [])
    if (one.matcher.options === column) for (const property of one.properties) of[property.id] = property.value;
  return of;
}

/** The text and the colour of a value. */
function told(of, value) {
  for (const mapping of of.mappings ?? []) {
    if (mapping.type === "value" && mapping.options[value]) return mapping.options[value];
    if (mapping.type === "regex") {
      const pattern = new RegExp(mapping.options.pattern);
      if (pattern.test(value)) return { ...mapping.options.result, text: String(value).replace(pattern, mapping.options.result.text) };
    }
  }
  if (value === null || value === undefined) return { text: "-", color: "#8e8e8e" };
  const text = typeof value === "boolean" || typeof value === "number" ? (UNITS[of.unit] ?? number)(value, of.decimals) : String(value);
  return { text, color: typeof value === "number" ? step(of, value) : "text" };
}

function step(of, value) {
  let found = "text";
  for (const one of of.thresholds?.steps ?? []) if (one.value === null || one.value === undefined || value >= one.value) found = one.color;
  return found;
}

function element(name, inside = "", set = {}) {
  const made = document.createElement(name);
  if (typeof inside === "string") made.textContent = inside;
  else made.append(...inside);
  for (const [key, value] of Object.entries(set)) key === "style" ? (made.style.cssText = value) : made.setAttribute(key, value);
  return made;
}
