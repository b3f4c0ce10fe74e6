/**
 * ONNX Runtime 1.30 sends usage data to its maker, on Linux too, and writes files for it, unless this is set before
 * the library is loaded (microsoft/onnxruntime, pull request 27379). Imported first by onnx.ts; the pipeline
 * process gets it in its environment as well. A camera tells nobody anything (docs/threat-model.md).
 */
process.env['ORT_DISABLE_TELEMETRY'] = '1';
