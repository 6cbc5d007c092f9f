"""What every engine is asked to do."""
import dataclasses

TESTS = ["prefill", "decode", "depth", "batch"]
FORMATS = ["native", "bf16", "q8", "q4", "q4-pure"]


@dataclasses.dataclass(frozen=True)
class Workload:
    """Tokens of a prompt, decoded after it, in the cache before `depth`; sequences side by side, each with `short` tokens before."""
    batches: tuple = (1, 2, 4, 8)
    prompt: int = 256
    depth: int = 2048
    decoded: int = 32
    short: int = 16

    def words(self):
        """The same as options of the programs in the folder `inside`."""
        return ["--batches", ",".join(map(str, self.batches)), "--prompt", self.prompt, "--depth", self.depth,
                "--decoded", self.decoded, "--short", self.short]
