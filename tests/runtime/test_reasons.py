"""A library's message becomes one sentence. The texts are real ones: of OpenVINO 2026.4 here, or of its issues."""

import pytest

from dolly_widget.runtime.reasons import explain

CORE = "Exception from src/inference/src/cpp/core.cpp:117:\n"
PLUGIN = "Exception from src/inference/src/dev/plugin.cpp:54:\n"
LIBS = "/home/me/venv/lib/python3.11/site-packages/openvino/../openvino/libs/"
NO_MEMORY = "there is not enough memory; free some, or choose a smaller model or weight format."


def missing(library):
    return f"the library {library} is missing or broken; install the device's driver, or choose another device."


@pytest.mark.parametrize(
    ("exc", "sentence"),
    [
        pytest.param(
            RuntimeError(
                f'{CORE}Cannot load library "{LIBS}libopenvino_intel_gpu_plugin.so": libOpenCL.so.1: cannot open '
                "shared object file: No such file or directory\n"
            ),
            missing("libOpenCL.so.1"),
            id="GPU without OpenCL",
        ),
        pytest.param(
            RuntimeError(
                f"{CORE}{PLUGIN}Exception from src/plugins/intel_npu/src/compiler_adapter/src/plugin_compiler_adapter."
                "cpp:54:\nVCL compiler loading failed, aborting. Error: Exception from src/plugins/intel_npu/src/utils/"
                f'src/vcl/vcl_api.cpp:22:\nCannot load library "{LIBS}libopenvino_intel_npu_compiler_loader.so": {LIBS}'
                "libopenvino_intel_npu_compiler_loader.so: cannot open shared object file: No such file or directory"
                "\n\n\n\n\n"
            ),
            missing("libopenvino_intel_npu_compiler_loader.so"),
            id="NPU without its compiler",
        ),
        pytest.param(
            RuntimeError(
                'Cannot load library "C:\\\\Users\\\\me\\\\openvino_intel_npu_plugin.dll": 126 from cwd: C:\\\\'
            ),
            missing("openvino_intel_npu_plugin.dll"),
            id="Windows",
        ),
        pytest.param(
            RuntimeError(
                "Exception from src\\inference\\src\\cpp\\core.cpp:112:\nException from src\\inference\\src\\dev\\"
                "plugin.cpp:53:\nException from src\\plugins\\intel_npu\\src\\plugin\\npuw\\compiled_model.cpp:455:\n"
                "Failed to compile Model0_FCEW000__0 for all devices in [NPU]\n\n"
            ),
            "Failed to compile Model0_FCEW000__0 for all devices in [NPU]; do that.",
            id="NPU compiler",
        ),
        pytest.param(
            RuntimeError(
                "Exception from src\\inference\\src\\cpp\\infer_request.cpp:223:\nCheck '!exceed_allocatable_mem_size' "
                "failed at src\\plugins\\intel_gpu\\src\\runtime\\ocl\\ocl_engine.cpp:115:\n[GPU] Exceeded max size of "
                "memory object allocation: requested 4831838208 bytes, but max alloc size supported by device is "
                "4294959104 bytes.Please try to reduce batch size or use lower precision.\n"
            ),
            "[GPU] Exceeded max size of memory object allocation: requested 4831838208 bytes, but max alloc size "
            "supported by device is 4294959104 bytes; do that.",
            id="GPU, one allocation too large",
        ),
        pytest.param(
            RuntimeError(
                "Exception from src/inference/src/cpp/infer_request.cpp:245:\nException from src/plugins/intel_gpu/src/"
                "runtime/ocl/ocl_engine.cpp:185:\n[GPU] out of GPU resources\n"
            ),
            NO_MEMORY,
            id="GPU out of memory",
        ),
        pytest.param(RuntimeError(f"{CORE}{PLUGIN}std::bad_alloc\n\n"), NO_MEMORY, id="bad_alloc"),
        pytest.param(
            RuntimeError(
                f'{CORE}Cannot load library "{LIBS}libopenvino_intel_cpu_plugin.so": {LIBS}libopenvino_intel_cpu_plugin'
                ".so: failed to map segment from shared object\n"
            ),
            NO_MEMORY,
            id="no room for the plugin",
        ),
        pytest.param(MemoryError(), NO_MEMORY, id="MemoryError"),
        pytest.param(
            RuntimeError(
                f"{CORE}{PLUGIN}Exception from src/plugins/auto/src/auto_schedule.cpp:439:\n[AUTO] compile model "
                f"failed, CPU:{PLUGIN}Exception from src/plugins/intel_cpu/src/config.cpp:266:\nWrong value f3 for "
                "property key INFERENCE_PRECISION_HINT. Supported values: bf16, f16, f32, undefined\n\n; \n\n\n"
            ),
            "Wrong value f3 for property key INFERENCE_PRECISION_HINT; do that.",
            id="AUTO",
        ),
        pytest.param(
            ValueError("Mystery is not known. You can update it.\n\nIf that does not help, read on."),
            "Mystery is not known; do that.",
            id="transformers",
        ),
        pytest.param(RuntimeError(""), "no reason was given; do that.", id="empty"),
        pytest.param(RuntimeError("x" * 5000), f"{'x' * 300}…; do that.", id="a wall"),
    ],
)
def test_a_message_becomes_a_sentence(exc, sentence):
    assert explain(exc, "do that") == sentence
