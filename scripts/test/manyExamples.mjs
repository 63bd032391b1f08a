/** Loaded before each unit test of a long run: property tests try fifty times as many examples. */
import fc from 'fast-check';

fc.configureGlobal({ numRuns: 5000 });
