/**
 * The number of series that may still come to be. A time series lives in Prometheus for weeks after its last sample, so what bounds
 * them is a hard number and not good manners.
 */
export class SeriesBudget {
  #left: number;

  constructor(most: number) {
    this.#left = most;
  }

  get left(): number {
    return this.#left;
  }

  /** Takes `count` series if as many are left, otherwise none. */
  take(count: number): boolean {
    if (count > this.#left) return false;
    this.#left -= count;
    return true;
  }
}
