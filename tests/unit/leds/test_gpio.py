# SPDX-License-Identifier: MIT
from __future__ import annotations

from collections.abc import Iterator

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin, MockPWMPin

from appliance.leds.gpio import GpioLed
from appliance.leds.rhythms import short_flashes


@pytest.fixture(autouse=True)
def mock_pins() -> Iterator[MockFactory]:
    previous, Device.pin_factory = Device.pin_factory, MockFactory(pin_class=MockPWMPin)
    yield Device.pin_factory
    Device.pin_factory.reset()
    Device.pin_factory = previous


def test_light_dims_where_the_pin_can(mock_pins: MockFactory) -> None:
    led = GpioLed(17)
    led.light(0.25)
    assert mock_pins.pin(17).state == 0.25
    led.light(0.0)
    assert mock_pins.pin(17).state == 0.0


def test_light_switches_where_the_pin_cannot_dim(mock_pins: MockFactory) -> None:
    mock_pins.pin_class = MockPin
    led = GpioLed(17)
    led.light(0.25)
    assert mock_pins.pin(17).state is True
    led.light(0.0)
    assert mock_pins.pin(17).state is False


@pytest.mark.parametrize(("pin_class", "dark", "lit"), [(MockPWMPin, 1, 0.75), (MockPin, 1, 0)])
def test_light_of_an_active_low_led_is_inverted(
    mock_pins: MockFactory, pin_class: type[MockPin], dark: float, lit: float
) -> None:
    mock_pins.pin_class = pin_class
    led = GpioLed(17, active_low=True)
    assert mock_pins.pin(17).state == dark
    led.light(0.25)
    assert mock_pins.pin(17).state == lit


@pytest.mark.parametrize(("level", "is_done"), [(1.0, False), (0.0, True)])
def test_start_is_dark_and_leaves_the_rhythm_to_light(
    mock_pins: MockFactory, level: float, is_done: bool
) -> None:
    led = GpioLed(17)
    led.light(1.0)
    assert led.start(short_flashes(2), level) is is_done
    assert mock_pins.pin(17).state == 0


def test_close_gives_the_pin_back_as_an_input(mock_pins: MockFactory) -> None:
    led = GpioLed(17)
    assert mock_pins.pin(17).function == "output"
    led.close()
    assert mock_pins.pin(17).function == "input"
    GpioLed(17).close()


def test_led_on_a_pin_in_use_is_refused_by_name() -> None:
    first = GpioLed(17)
    with pytest.raises(OSError, match=r"GPIO17: .*in use"):
        GpioLed(17)
    first.close()


def test_led_without_any_pin_library_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "nonesuch")
    Device.pin_factory, mock = None, Device.pin_factory
    try:
        with pytest.raises(OSError, match="GPIO17: .*nonesuch"):
            GpioLed(17)
    finally:
        Device.pin_factory = mock


def test_led_uses_the_pin_library_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    monkeypatch.setenv("GPIOZERO_MOCK_PIN_CLASS", "mockpwmpin")
    Device.pin_factory, mock = None, Device.pin_factory
    try:
        led = GpioLed(22)
        led.light(1.0)
        assert Device.pin_factory.pin(22).state == 1.0
        led.close()
    finally:
        Device.pin_factory = mock
