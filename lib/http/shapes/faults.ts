import { type FieldError, firstFault, Problem, reportedErrors } from '../../domain/errors.ts';
import type { Report } from '../schemas/record-fields.ts';

const invalid = (errors: readonly FieldError[]): Problem =>
  new Problem('invalid_request', `The request is not valid. ${firstFault(errors)} Nothing was written.`, {
    errors,
  });

/** What is wrong with a request, as it is found. The first of it is told in the detail. */
export class Faults {
  readonly #errors: FieldError[] = [];

  /** Notes a fault. @throws Problem `invalid_request` when there are as many as are told. */
  readonly report: Report = (path, message) => {
    this.#errors.push({ path, message });
    if (this.isFull) throw invalid(this.#errors);
  };

  get isFull(): boolean {
    return this.#errors.length >= reportedErrors;
  }

  /** @throws Problem `invalid_request` when there is any. */
  refuse(): void {
    if (this.#errors.length > 0) throw invalid(this.#errors);
  }
}
