/// The version of the whole suite. This is its only place: `make dist` reads it from here.
let version = "0.1.0"
