// The settings as a form: options of the engine from it, and into it.

const find = (id) => document.getElementById(id);

// Names of options that are not the values of their elements.
const FIELDS = {
  method: "method", treatAs: "treat-as", depth: "depth", dither: "dither", format: "format",
};
const DEFAULTS = { method: "auto", treatAs: "auto", depth: "keep", dither: "", format: "" };

let methods = [];

/** Only values that differ from the defaults. */
export function readOptions() {
  const options = {};
  for (const [name, id] of Object.entries(FIELDS)) {
    const { value } = find(id);
    if (value !== DEFAULTS[name]) options[name] = name === "depth" ? Number(value) : value;
  }
  const strength = Number(find("strength").value);
  if (strength !== 1 && !find("strength").disabled) options.strength = strength;
  const step = find("band-step");
  if (step.value && step.validity.valid) options.bandStep = Number(step.value);
  if (find("alpha").checked) options.alpha = true;
  return options;
}

export function writeOptions(options) {
  for (const [name, id] of Object.entries(FIELDS)) find(id).value = options[name] ?? DEFAULTS[name];
  find("strength").value = options.strength ?? 1;
  find("band-step").value = options.bandStep ?? "";
  find("alpha").checked = options.alpha ?? false;
  describe();
}

/** Values in words, and settings that a method does not have. */
function describe() {
  const method = methods.find(({ name }) => name === find("method").value);
  find("method-title").hidden = !method;
  if (method) find("method-title").textContent = `${method.title}. Source: ${method.source}`;
  // The network's correction cannot be more than whole.
  find("strength").max = ["unband-lite", "unband-jpeg"].includes(method?.name) ? 1 : 4;
  find("strength").disabled = method !== undefined && !method.own;
  find("strength-value").textContent = find("strength").disabled
    ? "fixed by this method" : Number(find("strength").value).toFixed(2);
}

function fillMethods(list) {
  methods = list;
  const group = (label, own) => {
    const made = Object.assign(document.createElement("optgroup"), { label });
    made.append(...list.filter((method) => method.own === own).map(({ name }) => new Option(name, name)));
    return made;
  };
  find("method").append(group("unband", true), group("Methods of other programs", false));
}

/** Calls back with the new options after each change. Returns a function that takes the methods. */
export function listen(onChange) {
  const changed = () => {
    describe();
    find("band-step").setAttribute("aria-invalid", String(!find("band-step").validity.valid));
    onChange(readOptions());
  };
  find("options").addEventListener("input", changed);
  find("options").addEventListener("submit", (event) => event.preventDefault());
  find("format").addEventListener("input", changed);
  find("reset").onclick = () => {
    writeOptions({});
    changed();
  };
  return fillMethods;
}
