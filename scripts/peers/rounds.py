"""Who is measured when: every program once a round, each round another one first, so that no one has the quiet minutes."""
from shell import Failed, say


class Comparison:
    """The programs that are compared, and what came of it."""

    def __init__(self, ours, engines):
        self.ours, self.engines = ours, engines
        self.results = {}
        self.left_out = {}
        self.details = []
        # What ended the comparison before its last round; what was measured until then stays.
        self.broken = None

    def leave_out(self, name, error):
        """Says in one line why something is missing, once."""
        if name in self.left_out: return
        self.left_out[name] = str(error)
        self.details.append(error)
        say(f"left out: {name}: {error}")

    def prepare(self):
        """Installs every engine; those that cannot be are left out."""
        ready = []
        for engine in self.engines:
            try:
                engine.prepare()
                ready.append(engine)
            except Failed as error: self.leave_out(engine.name, error)
        if not ready: raise Failed("there is no peer to compare with", "\n".join(error.detail for error in self.details))
        self.engines = ready

    def files(self, cases):
        """{(shape, format): {program: what it opens}}; a format that an engine does not have is left out."""
        found = {case: {} for case in cases}
        for engine in self.engines:
            for shape, form in cases:
                name = f"{engine.name} {shape} {form}"
                if form not in engine.formats:
                    self.leave_out(f"{engine.name} {form}", Failed("it has no such format"))
                    continue
                try: found[shape, form][engine] = engine.model(shape, form)
                except Failed as error: self.leave_out(name, error)
            # Ours come last, when the disk has most room again.
            if hasattr(engine, "forget"): engine.forget(cases)
        for case in cases: found[case][self.ours] = self.ours.model(*case)
        return found

    def rounds(self, count, measure):
        """Calls `measure` with the number of each round, until one fails; with nothing measured before, that is an error."""
        try:
            for number in range(count): measure(number)
        except Failed as error:
            if not self.results: raise
            self.broken = error

    def measure(self, cases, files, threads, tests, rounds):
        def round(number):
            for case in cases:
                for count in threads:
                    say(f"round {number + 1} of {rounds}: {' '.join(case)}, {count} threads")
                    for test in tests: self.test(case, files[case], count, test, number)

        self.rounds(rounds, round)

    def test(self, case, files, threads, test, number):
        for program in turns(list(files), number):
            name = f"{program.name} {' '.join(case)} {test}"
            if name in self.left_out: continue
            try: figures = program.figures(files[program], threads, test)
            except Failed as error:
                if program is self.ours: raise
                self.leave_out(name, error)
                continue
            for figure, value in figures.items(): self.add((*case, f"1×{threads}", figure), program.name, value)

    def add(self, place, name, value): self.results.setdefault(place, {}).setdefault(name, []).append(value)


def turns(programs, number):
    """The programs in the order of a round: each round begins with the next one."""
    start = number % len(programs)
    return programs[start:] + programs[:start]
