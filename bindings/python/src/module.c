#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_libwal"};

PyMODINIT_FUNC PyInit__libwal(void)
{
    return PyModuleDef_Init(&definition);
}
