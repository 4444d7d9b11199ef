"""What one engine does on average, in closed form."""

from attrs import frozen

from scaler.simulation.spec import EngineSpec
from scaler.simulation.traffic import Lengths


@frozen(kw_only=True)
class MeanEngine:
    """What one replica does on average, by its `EngineSpec` and the lengths of requests."""

    spec: EngineSpec
    lengths: Lengths

    @property
    def batch(self) -> float:
        """Requests running at once at the most: by the batch's limit or by the KV cache."""
        return min(self.spec.max_batch, self.spec.kv_tokens / self.tokens)

    @property
    def tokens(self) -> float:
        """Prompt and generated tokens of a request."""
        return self.lengths.prompt_mean + self.lengths.output_mean

    @property
    def capacity(self) -> float:
        """Requests per second with a full batch.

        A batch of k turns over in `output * iteration` seconds, and every iteration also prefills
        the prompts that came meanwhile: k = rate * output * (base + b k + prefill * rate * ...),
        solved for the rate.
        """
        decode = self.lengths.output_mean * self._iteration(self.batch)
        prefill = self.spec.prefill_per_token * self.lengths.prompt_mean * self.batch
        return self.batch / (decode + prefill)

    def running(self, rate: float) -> float:
        """Requests running at once at this rate of arrivals per second (Little's law)."""
        spec, lengths = self.spec, self.lengths
        busy = rate * (
            spec.prefill_per_token * lengths.prompt_mean
            + spec.iteration_per_sequence * lengths.output_mean
        )
        if busy >= 1.0:
            return self.batch
        return min(self.batch, rate * lengths.output_mean * spec.iteration_base / (1.0 - busy))

    def first_token(self, running: float) -> float:
        """Seconds from a place in the batch to the first token: half an iteration, and its own."""
        own = self.spec.prefill_per_token * self.lengths.prompt_mean
        return 1.5 * self._iteration(running) + own

    def _iteration(self, running: float) -> float:
        return self.spec.iteration_base + self.spec.iteration_per_sequence * running
