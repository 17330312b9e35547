#pragma once

#include <string_view>

/// For tests only: public keys of TPMs whose private parts nobody has, as base64 of the TPM2B_PUBLIC.
namespace muster::crypto::tpm::testing {

inline constexpr std::string_view kEndorsementKey =
    "AHoAIwALAAMAsgAgg3GXZ0SEs/gakMyNRqXXJP1S124GUgtk8qHaGzMUaaoABgCAAEMAEAADABAAIHoZWoGI+sQ3XUXeBO+l6zRt"
    "dhk61jrAJXo62xEucNO2ACDWA9tCzYvh/UwhOfvHbOUMdkI08/9QTLnmflFrRUpzGA==";
inline constexpr std::string_view kOtherEndorsementKey =
    "AHoAIwALAAMAsgAgg3GXZ0SEs/gakMyNRqXXJP1S124GUgtk8qHaGzMUaaoABgCAAEMAEAADABAAIJJKL1KPmaJ+38aBquTQXd4P"
    "73n95lL4OSGEteyQTPzSACCJXdbZE3ETXMUW+g/tj6ZFOAk0j8kcW/hTGsDz6kR74A==";
inline constexpr std::string_view kStorageRootKey =
    "AFoAIwALAAMEcgAAAAYAgABDABAAAwAQACBcbwfKTOABcz3mH3ZE9C/kDNeac5IFi2a3eQgO6U+xRAAgKzeRxoM39dxa4l2DLybE"
    "prji1sSmjN6QOFXsiN1ElHo=";

}  // namespace muster::crypto::tpm::testing
