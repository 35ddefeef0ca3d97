/// The version of the whole suite.
public enum SuiteVersion {
    /// Its only place: the makefile reads it from here.
    public static let text = "0.1.0"
}
