//! Methods with their parameters.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::context::{Context, RestoreError};
use crate::findings::Findings;
use crate::image::Image;
use crate::params::{AnyParams, ParamError, ParamInfo, ParamValue, Params};
use crate::restorer::Restorer;

/// Prepares a restorer for one image: `(image, findings, context)`.
pub type Prepare =
    Box<dyn Fn(&Image, &Findings, &Context<'_>) -> Result<Box<dyn Restorer>, RestoreError> + Send + Sync>;

/// Returns the preparation step; opens weights files, where there are any.
pub type Build = fn(&Method) -> Result<Prepare, ParamError>;

/// One method of a registry.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Kebab-case, as its authors spell it.
    pub name: &'static str,
    /// A few words.
    pub title: &'static str,
    /// Paper or repository path.
    pub source: &'static str,
    /// Part of unband: kept inside the quantisation intervals, applied only where there is banding, dithered.
    /// Other methods run as their authors wrote them.
    pub ours: bool,
    /// Works on red, green and blue: other images are converted first.
    pub rgb: bool,
    /// Its parameters.
    pub params: &'static [ParamInfo],
    /// Their defaults: [`defaults`] of its parameter type.
    pub defaults: fn() -> Box<dyn AnyParams>,
    /// Constructor from parameters.
    pub build: Build,
}

impl Entry {
    /// A parameter by its own name or by a host's spelling of it; any other name as it is.
    pub fn own_name<'a>(&self, name: &'a str, spell: impl Fn(&ParamInfo) -> String) -> &'a str {
        let own = self.params.iter().find(|param| param.name == name || spell(param) == name);
        own.map_or(name, |param| param.name)
    }
}

/// The defaults of a parameter type.
pub fn defaults<P: Params + 'static>() -> Box<dyn AnyParams> {
    Box::new(P::default())
}

/// A method with checked parameters.
pub struct Method {
    entry: &'static Entry,
    params: Box<dyn AnyParams>,
    given: Vec<&'static str>,
    prepared: OnceLock<Arc<Prepare>>,
}

impl Method {
    /// The method with its defaults.
    pub fn new(entry: &'static Entry) -> Self {
        Self { entry, params: (entry.defaults)(), given: Vec::new(), prepared: OnceLock::new() }
    }

    /// The method with parameters from text, in order; for parsers.
    ///
    /// # Errors
    /// As [`Self::set_text`].
    pub fn from_texts<N: AsRef<str>, T: AsRef<str>>(
        entry: &'static Entry,
        settings: impl IntoIterator<Item = (N, T)>,
    ) -> Result<Self, ParamError> {
        let mut method = Self::new(entry);
        for (name, text) in settings {
            method.set_text(name.as_ref(), text.as_ref())?;
        }
        Ok(method)
    }

    /// Its row of the registry.
    pub fn entry(&self) -> &'static Entry {
        self.entry
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.entry.name
    }

    /// Does it have this parameter?
    pub fn takes(&self, name: &str) -> bool {
        self.entry.params.iter().any(|param| param.name == name)
    }

    /// Sets a parameter from text; for parsers.
    ///
    /// # Errors
    /// Unknown name, malformed text, value out of range.
    pub fn set_text(&mut self, name: &str, text: &str) -> Result<(), ParamError> {
        self.params.set_text(self.entry.name, name, text)?;
        self.mark(name);
        Ok(())
    }

    /// Sets a parameter.
    ///
    /// # Errors
    /// Unknown name, a value of another type, value out of range.
    pub fn set<T: ParamValue + 'static>(&mut self, name: &str, value: &T) -> Result<(), ParamError> {
        self.params.set_value(self.entry.name, name, value)?;
        self.mark(name);
        Ok(())
    }

    fn mark(&mut self, name: &str) {
        self.prepared = OnceLock::new();
        let own = self.entry.params.iter().map(|param| param.name).find(|own| *own == name);
        self.given.extend(own.filter(|own| !self.given.contains(own)));
    }

    /// The value of a parameter; `None` if it has no such parameter, or one of another type.
    pub fn get<T: Clone + 'static>(&self, name: &str) -> Option<T> {
        self.params.value(name)?.downcast_ref().cloned()
    }

    /// Was the parameter set?
    pub fn is_given(&self, name: &str) -> bool {
        self.given.contains(&name)
    }

    /// Names of the parameters that were set, in this order.
    pub fn given_names(&self) -> &[&'static str] {
        &self.given
    }

    /// The parameters that were set, in this order, as text.
    pub fn given(&self) -> Vec<(&'static str, String)> {
        let texts = self.params.texts();
        let text = |name: &&'static str| texts.iter().find(|(own, _)| own == name).cloned();
        self.given.iter().filter_map(text).collect()
    }

    /// All parameters, as the type of the entry's defaults; defaults for another type.
    pub fn params<P: Params + 'static>(&self) -> P {
        self.params.as_any().downcast_ref().cloned().unwrap_or_default()
    }

    /// The preparation step. It is built once for these parameters, and shared by copies made later.
    ///
    /// # Errors
    /// A weights file that the method cannot use, or none where it needs one.
    pub fn prepare(&self) -> Result<Arc<Prepare>, ParamError> {
        if let Some(prepared) = self.prepared.get() {
            return Ok(Arc::clone(prepared));
        }
        let built = Arc::new((self.entry.build)(self)?);
        Ok(Arc::clone(self.prepared.get_or_init(|| built)))
    }
}

impl Clone for Method {
    fn clone(&self) -> Self {
        let (params, given) = (self.params.copy(), self.given.clone());
        Self { entry: self.entry, params, given, prepared: self.prepared.clone() }
    }
}

impl PartialEq for Method {
    fn eq(&self, other: &Self) -> bool {
        self.entry.name == other.entry.name && self.params.texts() == other.params.texts()
    }
}

impl fmt::Display for Method {
    /// `NAME` or `NAME:key=value,key=value`, with the parameters that were set.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.entry.name)?;
        for (i, (name, text)) in self.given().iter().enumerate() {
            write!(f, "{}{name}={text}", if i == 0 { ':' } else { ',' })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Method({self})")
    }
}
