import Testing

@testable import PortageHook

@Suite struct EmergeEnvironmentTests {
    @Test func whatTheUserSetIsTakenAndWhatConcernsTheProgramIsNot() {
        let environment = EmergeEnvironment(
            environment: [
                "USE=-X a=b", "ROOT=/mnt", "PYTHON_TARGETS=x", "LD_PRELOAD=/x.so", "PATH=/x", "LANG=C", "1A=1", "A-B=1",
                "=", "",
                "novalue", "EMPTY=", "BASH_FUNC_x%%=() { :; }", "PORTAGE_CONFIGROOT=/c",
            ],
            arguments: [
                "/usr/bin/python3", "/usr/bin/emerge", "--root=/other", "-1", "--config-root", "/d", "a/b", "--sysroot",
            ])
        #expect(
            environment.variables == [
                "USE": "-X a=b", "ROOT": "/other", "PYTHON_TARGETS": "x", "EMPTY": "", "PORTAGE_CONFIGROOT": "/d",
            ])
    }
}
