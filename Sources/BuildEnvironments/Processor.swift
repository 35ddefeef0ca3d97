import Glibc

/// The processor of this machine, as far as it limits what can be built here.
enum Processor {
    /// Whether it runs programs of this CHOST.
    static func runs(_ chost: String) -> Bool {
        var names = utsname()
        guard uname(&names) == 0 else { return true }
        let machine = withUnsafeBytes(of: names.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return runs(chost, on: machine)
    }

    /// The same for another machine, as `uname -m` names it.
    static func runs(_ chost: String, on machine: String) -> Bool {
        func family(_ name: Substring) -> Substring {
            name.count == 4 && name.hasPrefix("i") && name.hasSuffix("86") ? "i686" : name
        }
        let wanted = family(chost.prefix { $0 != "-" })
        let own = family(machine[...])
        return wanted == own || (own == "x86_64" && wanted == "i686")
            || (own.hasPrefix("arm") && wanted.hasPrefix("arm"))
            || (own == "ppc64le" && wanted == "powerpc64le") || (own == "ppc64" && wanted == "powerpc64")
    }
}
