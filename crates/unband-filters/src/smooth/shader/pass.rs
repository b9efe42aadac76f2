//! One pass of a shader: its header, its macros and its text.

use std::fmt::Write as _;

/// A pass over the luma, the chroma or the RGB planes, which share its text.
#[derive(Clone, Debug, Default)]
pub(super) struct ShaderPass {
    title: String,
    hooks: Vec<&'static str>,
    binds: Vec<String>,
    save: Option<String>,
    size: Option<[String; 2]>,
    compute: Option<&'static str>,
    macros: Vec<(String, String)>,
    parts: Vec<&'static str>,
}

impl ShaderPass {
    /// A pass over all planes that reads the plane itself.
    pub(super) fn new(title: impl Into<String>) -> Self {
        let hooks = vec!["LUMA", "CHROMA", "RGB"];
        Self { title: title.into(), hooks, binds: vec!["HOOKED".to_owned()], ..Self::default() }
    }

    /// Limits the planes.
    pub(super) fn only(mut self, hooks: &[&'static str]) -> Self {
        self.hooks = hooks.to_vec();
        self
    }

    /// Reads a texture or buffer.
    pub(super) fn bind(mut self, name: &str) -> Self {
        if !self.binds.iter().any(|bound| bound == name) {
            self.binds.push(name.to_owned());
        }
        self
    }

    /// Reads a texture under another name, and its size under that name with `_SIZE`.
    pub(super) fn read(self, alias: &str, name: &str) -> Self {
        let pass = self.bind(name).set(alias, format!("{name}_raw"));
        pass.set(&format!("{alias}_SIZE"), format!("ivec2({name}_size)"))
    }

    /// Writes a texture instead of the plane.
    pub(super) fn save(mut self, name: &str) -> Self {
        self.save = Some(name.to_owned());
        self
    }

    /// Size of the result: an expression for each dimension `d`, with `.d` after each texture's name.
    pub(super) fn sized(mut self, expression: &str) -> Self {
        self.size = Some(["w", "h"].map(|d| expression.replace(".d", &format!(".{d}"))));
        self
    }

    /// Size of the result, in samples.
    pub(super) fn fixed(mut self, width: usize, height: usize) -> Self {
        self.size = Some([width, height].map(|n| n.to_string()));
        self
    }

    /// Makes it a compute shader with this block and group.
    pub(super) fn compute(mut self, groups: &'static str) -> Self {
        self.compute = Some(groups);
        self
    }

    /// Defines a macro.
    #[allow(clippy::needless_pass_by_value)] // most values are literals
    pub(super) fn set(mut self, name: &str, value: impl ToString) -> Self {
        self.macros.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds text.
    pub(super) fn part(mut self, text: &'static str) -> Self {
        self.parts.push(text);
        self
    }

    /// Writes the pass. Comments stay behind: most parts are in many passes.
    pub(super) fn write(&self, out: &mut String) {
        let mut line = |text: std::fmt::Arguments<'_>| {
            let _ = writeln!(out, "{text}");
        };
        for hook in &self.hooks {
            line(format_args!("//!HOOK {hook}"));
        }
        line(format_args!("//!DESC unband: {}", self.title));
        for name in &self.binds {
            line(format_args!("//!BIND {name}"));
        }
        if let Some(name) = &self.save {
            line(format_args!("//!SAVE {name}"));
        }
        if let Some([width, height]) = &self.size {
            line(format_args!("//!WIDTH {width}"));
            line(format_args!("//!HEIGHT {height}"));
        }
        if self.save.is_some() {
            line(format_args!("//!COMPONENTS 4"));
        }
        if let Some(groups) = self.compute {
            line(format_args!("//!COMPUTE {groups}"));
        }
        for (name, value) in &self.macros {
            line(format_args!("#define {name} {value}"));
        }
        for text in self.parts.iter().flat_map(|part| part.lines()) {
            if !text.trim_start().starts_with("//") {
                line(format_args!("{text}"));
            }
        }
        line(format_args!(""));
    }
}

/// A number as GLSL writes it.
pub(super) fn float(value: f32) -> String {
    format!("{value:?}")
}
