import Glibc

/// How many rounds a property is tried: so many in `make test`, fifty times as many in `make soak`.
func rounds(_ usual: Int) -> Int { getenv("PORTMANTEAU_SOAK") == nil ? usual : usual * 50 }
