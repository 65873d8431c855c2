import fc from "fast-check";

/**
 * Setup for mutation testing. Every run tries the same samples, so that a mutant survives always or never; and no law
 * looks for a smaller sample once it is broken, which nobody would read.
 */
fc.configureGlobal({ seed: 24, endOnFailure: true });
